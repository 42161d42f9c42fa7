// Draws blocks by plain WebGL, seen from an eye that circles around the middle; and says which block is under a point.
/** @typedef {number[]} Vector @typedef {{ position: Vector, color: string }} Block */

const VERTEX = `#version 300 es
  uniform vec3 at, right, up, ahead;
  uniform vec2 zoom;
  layout(location = 0) in vec3 corner;
  layout(location = 1) in vec4 tint;
  layout(location = 2) in vec2 face;
  out vec4 colour;
  out vec2 where;
  void main() {
    vec3 d = corner - at;
    float far = dot(d, ahead);
    gl_Position = vec4(vec2(dot(d, right), dot(d, up)) * zoom, (far * 200.1 - 40.0) / 199.9, far);
    colour = tint;
    where = face;
  }`;
const FRAGMENT = `#version 300 es
  precision highp float;
  in vec4 colour;
  in vec2 where;
  out vec4 result;
  void main() {
    vec2 edge = abs(fract(where - 0.5) - 0.5) / fwidth(where); // a line around each face
    float line = 0.3 * (1.0 - min(min(edge.x, edge.y), 1.0));
    float alpha = mix(colour.a, 1.0, line);
    result = vec4(colour.rgb * (1.0 - line) * alpha, alpha);
  }`;
/** Of the six sides, two of each axis. */
const LIGHT = [0.8, 0.8, 0.5, 1, 0.68, 0.68];

/** @param {Vector} a @param {Vector} b */
const dot = (a, b) => a.reduce((sum, one, i) => sum + one * b[i], 0);

export class Blocks {
  turn = 0.6;
  tilt = 0.5;
  far = 22;
  /** By name, "x:y:z". @type {Record<string, Block>} */
  all = {};
  /** Blocks that one can see through. @type {Block[]} */
  ghosts = [];
  /** Called after each drawing. */
  drawn = () => {};

  /** @type {number[]} */
  #solid = [];
  #frame = 0;
  /** Where the eye is and looks; `zoom`: what one unit, at a distance of one, is of half the picture. */
  #eye = { at: [0], right: [0], up: [0], ahead: [0], zoom: [1, 1] };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} reach of the ground, in each direction
   */
  constructor(canvas, reach) {
    this.canvas = canvas;
    this.reach = reach;
    const gl = canvas.getContext('webgl2');
    if (!gl) throw new Error('this takes WebGL 2');
    this.gl = gl;
    this.#begin();
    // A machine that sleeps, or has other things to draw, may take it away: then all is made anew.
    canvas.addEventListener('webglcontextlost', (event) => event.preventDefault()); // it is wanted back
    canvas.addEventListener('webglcontextrestored', () => this.#begin());
    new ResizeObserver(() => this.show()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').onchange = () => this.show();
  }

  #begin() {
    const { gl } = this;
    const program = (this.program = gl.createProgram());
    for (const text of [VERTEX, FRAGMENT]) {
      const shader = gl.createShader(text === VERTEX ? gl.VERTEX_SHADER : gl.FRAGMENT_SHADER);
      if (!shader) return; // it is lost again, and will come again
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    for (const [i, size] of [3, 4, 2].entries()) {
      gl.enableVertexAttribArray(i);
      gl.vertexAttribPointer(i, size, gl.FLOAT, false, 36, [0, 12, 28][i]);
    }
    for (const what of [gl.DEPTH_TEST, gl.BLEND]) gl.enable(what);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.show();
  }

  /** Other blocks than before. @param {Record<string, Block>} all */
  set(all) {
    this.all = all;
    this.#solid = Object.values(all).flatMap(({ position, color }) => this.#box(position, [1, 1, 1], color, 1));
    this.show();
  }

  /** Something has changed: it is drawn with the next picture. */
  show() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /**
   * Triangles, each corner as nine numbers, of the sides of a box that show.
   * @param {Vector} from
   * @param {Vector} size
   * @param {string} color
   * @param {number} alpha
   */
  #box(from, size, color, alpha) {
    const out = [];
    const rgb = [1, 3, 5].map((i) => (parseInt(`${color}`.slice(i, i + 2), 16) || 0) / 255);
    for (const [side, light] of LIGHT.entries()) {
      const axis = side >> 1;
      const next = from.map((at, i) => at + (i === axis ? (side & 1) * 2 - 1 : 0));
      if (alpha === 1 && this.all[next.join(':')]) continue;
      for (const n of [0, 1, 3, 0, 3, 2]) {
        const corner = [n & 1, n >> 1];
        corner.splice(axis, 0, side & 1);
        const at = corner.map((one, i) => one * size[i]);
        out.push(from[0] + at[0], from[1] + at[1], from[2] + at[2], ...rgb.map((one) => one * light), alpha);
        at.splice(axis, 1);
        out.push(...at);
      }
    }
    return out;
  }

  #look() {
    const { turn, tilt, far, canvas } = this;
    const [ct, st, cp, sp] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const ahead = [-st * cp, -sp, -ct * cp];
    const shorter = 2 * Math.min(width, height);
    this.#eye = {
      ahead,
      at: ahead.map((one, i) => (i === 1 ? 1 : 0) - one * far),
      right: [ct, 0, -st],
      up: [-st * sp, cp, -ct * sp],
      zoom: [shorter / width, shorter / height],
    };
  }

  #draw() {
    const { gl, canvas, reach, program } = this;
    this.#look();
    if (!program || gl.isContextLost()) return;
    const grey = matchMedia('(prefers-color-scheme: dark)').matches ? '#d8e0f0' : '#808080';
    const ground = this.#box([-reach, -0.01, -reach], [2 * reach, 0, 2 * reach], grey, 0.1);
    const ghosts = this.ghosts.flatMap(({ position, color }) => {
      const around = position.map((at) => at - 0.03);
      return this.#box(around, [1.06, 1.06, 1.06], color, 0.5);
    });
    const data = new Float32Array([...this.#solid, ...ground, ...ghosts]);
    canvas.width = canvas.clientWidth * devicePixelRatio;
    canvas.height = canvas.clientHeight * devicePixelRatio;
    gl.viewport(0, 0, canvas.width, canvas.height);
    for (const [name, value] of Object.entries(this.#eye)) {
      gl[value.length === 2 ? 'uniform2fv' : 'uniform3fv'](gl.getUniformLocation(program, name), value);
    }
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    gl.drawArrays(gl.TRIANGLES, 0, data.length / 9);
    this.drawn();
  }

  /** Where the middle of a block shows, both 0 to 1. @param {Vector} position */
  seen(position) {
    const { at, right, up, ahead, zoom } = this.#eye;
    const d = position.map((one, i) => one + 0.5 - at[i]);
    const far = dot(d, ahead);
    return { x: 0.5 + (dot(d, right) * zoom[0]) / far / 2, y: 0.5 - (dot(d, up) * zoom[1]) / far / 2 };
  }

  /**
   * What is under a point of the canvas: the name of a block, or ''; and the place in front of it.
   * @param {number} x
   * @param {number} y
   */
  pick(x, y) {
    const { at: eye, right, up, ahead, zoom } = this.#eye;
    const dx = ((x / this.canvas.clientWidth) * 2 - 1) / zoom[0];
    const dy = (1 - (y / this.canvas.clientHeight) * 2) / zoom[1];
    const ray = ahead.map((one, i) => one + right[i] * dx + up[i] * dy);
    let nearest = ray[1] < 0 ? -eye[1] / ray[1] : Infinity; // the ground
    let found = { block: '', place: ray.map((one, i) => (i === 1 ? 0 : Math.floor(eye[i] + one * nearest))) };
    for (const [block, { position }] of Object.entries(this.all)) {
      const enters = position.map((at, i) => (at + (ray[i] < 0 ? 1 : 0) - eye[i]) / ray[i]);
      const leaves = position.map((at, i) => (at + (ray[i] < 0 ? 0 : 1) - eye[i]) / ray[i]);
      const enter = Math.max(...enters);
      if (enter < 0 || enter > nearest || enter > Math.min(...leaves)) continue;
      nearest = enter;
      found = { block, place: position.map((at, i) => at - (enters[i] === enter ? Math.sign(ray[i]) : 0)) };
    }
    return found;
  }
}
