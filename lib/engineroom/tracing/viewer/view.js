// What is in sight, and how a frame of it is painted. The tile that is there is moved and stretched while
// the next is on its way, so a frame costs the same for any trace.

class View {
  constructor(canvas, scene) {
    this.canvas = canvas;
    this.scene = scene;
    this.view = { begin: 0, end: Math.max(scene.duration, 1) };
    this.first = 0;
    this.cursor = { lane: 0, time: 0 };
    this.tile = null;
    this.measure = null;
    this.shown = new Set([...Object.keys(PHASES), ...Object.keys(MARKS), "wake-ups"]);
  }

  lanesInSight() { return Math.ceil((this.height - AXIS) / LANE); }

  overflows() { return this.scene.names.length > this.lanesInSight(); }

  /** Fit the canvas to the page's width, the number of lanes and the screen's resolution. */
  fitCanvas() {
    const width = this.canvas.clientWidth || 900;
    this.gutter = Math.min(GUTTER, Math.round(0.35 * width));
    this.ratio = window.devicePixelRatio || 1;
    this.height = AXIS + Math.min(Math.max(this.scene.names.length, 1) * LANE, TALLEST);
    this.width = width - this.gutter;
    this.canvas.style.height = `${this.height}px`;
    this.canvas.style.touchAction = this.overflows() ? "none" : "pan-y"; // else a finger could not scroll the page
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
  }

  repaint() {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => this.paint());
  }

  x(time) { return this.gutter + ((time - this.view.begin) / (this.view.end - this.view.begin)) * this.width; }
  y(lane) { return AXIS + (lane - this.first) * LANE; }
  timeAt(x) { return this.view.begin + ((x - this.gutter) / this.width) * (this.view.end - this.view.begin); }
  laneAt(y) { return Math.floor((y - AXIS) / LANE) + this.first; }

  paint() {
    const c = this.canvas.getContext("2d");
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.fillStyle = "#fff";
    c.fillRect(0, 0, this.width + this.gutter, this.height);
    this.paintAxis(c);
    this.clipped(c, 0, () => this.tile && this.paintPhases(c));
    this.clipped(c, AXIS, () => { if (this.tile) this.paintTile(c); this.paintMarks(c); });
    this.paintNames(c);
    this.describe();
  }

  clipped(c, top, action) {
    c.save();
    c.beginPath();
    c.rect(this.gutter, top, this.width, this.height - top);
    c.clip();
    action();
    c.restore();
  }

  paintAxis(c) {
    const span = this.view.end - this.view.begin;
    const rough = span / Math.max(this.width / 110, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    c.fillStyle = INK;
    c.strokeStyle = "#d9dee4";
    c.lineWidth = 1;
    c.font = `11px ${FONT}`;
    c.textBaseline = "middle";
    for (let t = Math.ceil(this.view.begin / step) * step; t <= this.view.end; t += step) {
      const x = this.x(t), text = durationText(t);
      c.beginPath();
      c.moveTo(x, AXIS - 5);
      c.lineTo(x, this.height);
      c.stroke();
      if (x + 3 + c.measureText(text).width <= this.gutter + this.width) c.fillText(text, x + 3, 7);
    }
  }

  /** Bands over all lanes; a bar or a sign above the lanes tells them apart without colour. */
  paintPhases(c) {
    const { frame } = this.tile, left = this.x(frame.begin), scale = (this.x(frame.end) - left) / frame.pixels;
    const names = Object.keys(PHASES);
    for (const [kind, from, to] of frame.bands) {
      if (!this.shown.has(names[kind])) continue;
      const { fill, edge, sign } = PHASES[names[kind]], x = left + from * scale, wide = Math.max((to - from) * scale, 1);
      c.fillStyle = fill;
      c.fillRect(x, AXIS, wide, this.height);
      c.fillStyle = edge;
      c.font = `9px ${FONT}`;
      if (kind === 0) c.fillRect(x, AXIS - 3, wide, 3);
      else c.fillText(sign, Math.max(x + wide / 2 - 4, this.gutter), AXIS - 5);
    }
  }

  paintTile(c) {
    const { frame, picture: tile } = this.tile, left = this.x(frame.begin);
    c.imageSmoothingEnabled = false;
    c.drawImage(tile, left, this.y(frame.first), this.x(frame.end) - left, frame.count * LANE);
    if (!this.shown.has("wake-ups")) return;
    for (const [time, from, to] of frame.arrows ?? []) {
      const down = to > from ? 1 : -1;
      paintArrow(c, this.x(time), this.y(from) + LANE / 2, this.y(to) + LANE / 2 - (down * LANE) / 3);
    }
  }

  paintMarks(c) {
    c.strokeStyle = "#0072b2";
    c.setLineDash([3, 3]);
    c.strokeRect(this.gutter, this.y(this.cursor.lane), this.width, LANE);
    const x = this.x(this.cursor.time);
    c.beginPath();
    c.moveTo(x, AXIS);
    c.lineTo(x, this.height);
    c.stroke();
    c.setLineDash([]);
    if (this.measure) this.paintMeasure(c, this.x(this.measure.from), this.x(this.measure.to));
  }

  paintMeasure(c, from, to) {
    const left = Math.min(from, to), text = durationText(Math.abs(this.measure.to - this.measure.from));
    c.fillStyle = "rgba(0,114,178,.15)";
    c.fillRect(left, AXIS, Math.abs(to - from), this.height);
    c.strokeRect(left, AXIS, Math.abs(to - from), this.height);
    c.font = `bold 12px ${FONT}`;
    const wide = c.measureText(text).width + 8, at = Math.min(left + 2, this.gutter + this.width - wide);
    c.fillStyle = "#fff";
    c.fillRect(at, this.height - 18, wide, 16);
    c.fillStyle = "#0072b2";
    c.fillText(text, at + 4, this.height - 10);
  }

  paintNames(c) {
    c.fillStyle = INK;
    c.font = `11px ${FONT}`;
    c.textBaseline = "middle";
    const last = Math.min(this.first + this.lanesInSight(), this.scene.names.length);
    for (let lane = this.first; lane < last; lane++) {
      c.fillText(this.named(c, lane), 4, this.y(lane) + LANE / 2);
    }
    if (!this.scene.names.length) c.fillText("nothing matches", 4, AXIS + LANE / 2);
  }

  /** A lane's name, shortened to the gutter once for all frames. */
  named(c, lane) {
    const { scene, gutter } = this;
    if (this.short?.scene !== scene || this.short.gutter !== gutter) this.short = { scene, gutter, names: [] };
    return (this.short.names[lane] ??= fitted(c, this.scene.names[lane], this.gutter - 8));
  }

  describe() {
    const name = this.scene.names[this.cursor.lane]?.trim() ?? "no lane";
    this.canvas.setAttribute("aria-label", `Timeline. ${this.scene.title} In sight: ${durationText(this.view.begin)} to `
      + `${durationText(this.view.end)}. Cursor: ${name} at ${durationText(this.cursor.time)}.`);
  }
}
