// Numbers of the last minutes, one for each second.

export class Series {
  constructor(seconds) {
    this.seconds = seconds;
    this.values = new Float64Array(seconds).fill(NaN);
    this.last = Math.floor(Date.now() / 1000);
  }

  /** To the present: seconds in which nothing was told are `blank`. */
  turn(blank = NaN, now = Math.floor(Date.now() / 1000)) {
    const missed = Math.min(now - this.last, this.seconds);
    if (missed <= 0) return;
    this.values.copyWithin(0, missed);
    this.values.fill(blank, this.seconds - missed);
    this.last = now;
  }

  add(number) {
    this.turn(0);
    const at = this.seconds - 1;
    this.values[at] = (Number.isNaN(this.values[at]) ? 0 : this.values[at]) + number;
  }

  set(number) {
    this.turn();
    this.values[this.seconds - 1] = number;
  }
}
