// A graph of the last minutes on a canvas, in the colours of the theme.
import { el } from './dom.js';

/** The next of 1, 2, 5, 10, ... */
function nice(number) {
  if (!(number > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(number));
  return [1, 2, 5, 10].map((n) => n * ten).find((n) => n >= number);
}

export class Graph {
  /**
   * @param {{ title: string, series: import('./series.js').Series, bars?: boolean, color: string, text: (n) => string,
   *   blank?: number }} how `color` names a variable of the style; `blank` is what a second without a number counts as
   */
  constructor(how) {
    Object.assign(this, how);
    this.canvas = el('canvas', { role: 'img' });
    this.now = el('span.now', {});
    this.element = el('figure.graph', {}, el('figcaption', {}, el('span', {}, how.title), this.now), this.canvas);
    this.pointer = null;
    this.canvas.addEventListener('pointermove', (event) => ((this.pointer = event.offsetX), this.draw()));
    this.canvas.addEventListener('pointerleave', () => ((this.pointer = null), this.draw()));
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  draw() {
    const { canvas, series } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    series.turn(this.blank);
    const scale = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const style = getComputedStyle(canvas);
    const color = style.getPropertyValue(this.color);
    const pen = canvas.getContext('2d');
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `11px ${style.fontFamily}`;
    const { values } = series;
    const top = nice(values.reduce((most, n) => (n > most ? n : most), 0));
    const [bottom, high] = [height - 15, height - 15 - 8];
    const y = (n) => bottom - (n / top) * high;
    const x = (i) => ((i + 0.5) / values.length) * width;

    pen.fillStyle = style.getPropertyValue('--dim');
    pen.strokeStyle = style.getPropertyValue('--line');
    pen.lineWidth = 1;
    for (const part of [0, 0.5, 1]) {
      pen.beginPath();
      pen.moveTo(0, Math.round(y(top * part)) + 0.5);
      pen.lineTo(width, Math.round(y(top * part)) + 0.5);
      pen.stroke();
    }
    pen.textBaseline = 'alphabetic';
    const minutes = Math.round(values.length / 60);
    for (let minute = 0; minute <= minutes; minute++) {
      if (width / minutes < 90 && minute % minutes && minute !== 2) continue; // no room for all of them
      const at = width - (minute / minutes) * width;
      pen.textAlign = minute === 0 ? 'right' : minute === minutes ? 'left' : 'center';
      pen.fillText(minute ? `−${minute} min` : 'now', at, height - 2);
    }
    if (this.bars) this.#drawBars(pen, x, y, color, width);
    else this.#drawLine(pen, x, y, color, bottom);
    pen.fillStyle = style.getPropertyValue('--dim');
    pen.textAlign = 'left';
    pen.textBaseline = 'top';
    pen.fillText(this.text(top), 2, y(top) + 3);
    this.#drawPointer(pen, x, y, style, width, bottom);
  }

  #drawBars(pen, x, y, color, width) {
    const { values } = this.series;
    pen.fillStyle = color;
    const wide = Math.max(1, width / values.length - 0.5);
    values.forEach((n, i) => {
      if (n > 0) pen.fillRect(x(i) - wide / 2, y(n), wide, Math.max(1, y(0) - y(n)));
    });
  }

  #drawLine(pen, x, y, color, bottom) {
    const { values } = this.series;
    const points = [];
    const flush = () => {
      if (!points.length) return;
      pen.beginPath();
      points.forEach(([px, py], i) => (i ? pen.lineTo(px, py) : pen.moveTo(px, py)));
      pen.strokeStyle = color;
      pen.lineWidth = 1.5;
      pen.lineJoin = 'round';
      if (points.length === 1) pen.arc(points[0][0], points[0][1], 1.5, 0, 7);
      pen.stroke();
      pen.lineTo(points.at(-1)[0], bottom);
      pen.lineTo(points[0][0], bottom);
      pen.globalAlpha = 0.12;
      pen.fillStyle = color;
      pen.fill();
      pen.globalAlpha = 1;
      points.length = 0;
    };
    let last = -10;
    values.forEach((n, i) => {
      if (Number.isNaN(n)) return;
      if (i - last > 5) flush();
      points.push([x(i), y(n)]);
      last = i;
    });
    flush();
  }

  #drawPointer(pen, x, y, style, width, bottom) {
    const { values } = this.series;
    let at = -1;
    if (this.pointer !== null)
      at = Math.max(0, Math.min(values.length - 1, Math.floor((this.pointer / width) * values.length)));
    for (let back = 0; !this.bars && back < 5 && at > 0 && Number.isNaN(values[at]); back++) at--;
    if (at >= 0) {
      pen.strokeStyle = style.getPropertyValue('--text');
      pen.globalAlpha = 0.4;
      pen.beginPath();
      pen.moveTo(x(at), 4);
      pen.lineTo(x(at), bottom);
      pen.stroke();
      pen.globalAlpha = 1;
    }
    let i = at >= 0 ? at : values.length - 2; // the second at hand is not over
    for (let back = 0; at < 0 && back < 5 && i > 0 && Number.isNaN(values[i]); back++) i--;
    const n = values[i];
    const ago = values.length - 1 - i;
    const told = Number.isNaN(n) ? '–' : this.text(n);
    this.now.textContent = at >= 0 ? `${told}, ${ago} s ago` : told;
    this.canvas.setAttribute('aria-label', `${this.title} over the last minutes; now ${told}`);
  }
}
