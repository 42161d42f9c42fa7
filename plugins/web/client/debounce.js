/** @import { DebounceOptions } from './index.js' */

/**
 * Calls `run` not too often. After a call that went through at once (`leading`), and after each that was held back,
 * further ones are held back and become one (`trailing`), when there was no call for `wait` ms, or `maxWait` ms after
 * the first of them. With maxWait equal to wait, its default, that is at most one each `wait`.
 * @param {() => void} run
 * @param {DebounceOptions | number | false} [options] a number is `wait`; false holds nothing back
 */
export function debounce(run, options) {
  const {
    wait = 20,
    leading = true,
    trailing = true,
    maxWait = wait,
  } = typeof options === 'object' ? options : { wait: /** @type {number | undefined} */ (options) };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let since = 0; // when the first of those that are held back came; 0: none is

  const cancel = () => {
    clearTimeout(timer);
    timer = undefined;
    since = 0;
  };
  /** @param {number} ms */
  const arm = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      if (since) flush();
    }, ms);
  };
  /** What is held back goes through now. */
  const flush = () => {
    const held = since;
    cancel();
    if (!held) return;
    if (leading) arm(wait);
    run();
  };
  const call = () => {
    if (!wait) return run();
    const now = Date.now();
    if (leading && timer === undefined) {
      arm(wait);
      run();
    } else if (trailing) {
      since ||= now;
      arm(Math.min(wait, since + maxWait - now));
    }
  };
  return { call, flush, cancel };
}
