// The timeline: asks the kernel for what is in sight, and does what gestures and controls want.

const SPARE_LANES = 4, PAINT_MS = 5, MOST_PIXELS = 8192;

class Timeline extends View {
  constructor(model, canvas, controls) {
    super(canvas, model.get("scene"));
    this.model = model;
    this.controls = controls;
    this.seq = 0;
    this.inFlight = false;
    this.measuring = false;
    this.onScene = () => this.adopt();
    this.onAnswer = (answer, buffers) => this.take(answer, buffers);
    model.on("change:scene", this.onScene);
    model.on("msg:custom", this.onAnswer);
    this.resizes = new ResizeObserver(() => this.resize());
    this.onWindow = () => this.ratio !== (window.devicePixelRatio || 1) && this.resize();
    window.addEventListener("resize", this.onWindow); // the page's zoom changes the density of pixels
  }

  begin() {
    this.adopt();
    this.resizes.observe(this.canvas);
  }

  close() {
    this.model.off("change:scene", this.onScene);
    this.model.off("msg:custom", this.onAnswer);
    this.resizes.disconnect();
    window.removeEventListener("resize", this.onWindow);
    cancelAnimationFrame(this.pending);
    cancelAnimationFrame(this.painting);
  }

  /** Take over a new arrangement from the kernel. */
  adopt() {
    clearTimeout(this.patience);
    this.scene = this.model.get("scene");
    this.cursor = { lane: 0, time: (this.view.begin + this.view.end) / 2 };
    this.first = 0;
    this.tile = null;
    this.controls.adopt(this.scene, this.shown);
    this.resize();
  }

  rearrange(change) {
    const { layout, search, hidden, system } = this.scene;
    this.ask({ ask: "arrange", layout, search, hidden, system, ...change });
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.say("arranging …"), 300); // a large trace takes seconds
  }

  resize() {
    this.fitCanvas();
    this.want();
    this.repaint();
  }

  ask(question) { this.model.send({ ...question, seq: ++this.seq }); }

  window() { return { begin: Math.round(this.view.begin), end: Math.round(this.view.end) }; }

  /** Pixels of a tile per nanosecond, as sharp as the screen unless that is wider than the kernel's limit. */
  density() { return Math.min(this.width * this.ratio, MOST_PIXELS) / (this.view.end - this.view.begin); }

  /** Tell whether the tile covers what is in sight, at its very resolution. */
  fits() {
    if (!this.tile) return false;
    const { begin, end, first, count, pixels } = this.tile.frame, view = this.view;
    const stretched = pixels / (end - begin) / this.density();
    const below = Math.min(this.first + this.lanesInSight(), this.scene.names.length);
    return Math.abs(Math.log2(stretched)) < 0.01 && begin <= Math.ceil(view.begin) && end >= Math.floor(view.end)
      && first <= this.first && first + count >= below;
  }

  /** Ask for the window in sight and half as much on either side, if what is there won't do. */
  want() {
    if (this.inFlight || this.fits()) return;
    const density = this.density(), { begin, end } = this.view;
    const spare = Math.max(Math.min(0.5 * (end - begin), (MOST_PIXELS / density - (end - begin)) / 2 - 1), 0);
    const from = Math.max(Math.floor(begin - spare), 0);
    const to = Math.max(Math.min(Math.ceil(end + spare), Math.max(this.scene.duration, 1)), from + 1);
    this.inFlight = true;
    this.ask({ ask: "frame", begin: from, end: to, pixels: Math.max(1, Math.round(density * (to - from))),
      first: Math.max(this.first - SPARE_LANES, 0), count: this.lanesInSight() + 2 * SPARE_LANES });
  }

  take(answer, buffers) {
    const { told, summary } = this.controls;
    if (answer.answer === "frame") this.takeFrame(answer, buffers);
    if (answer.answer === "details" && answer.found && answer.seq === this.curious) this.controls.tell(answer.found);
    if (answer.answer === "summary") summary.textContent = answer.text;
    if (answer.answer === "failure") { clearTimeout(this.patience); told.textContent = answer.text; this.inFlight = false; }
    if (answer.answer === "export") download(new Blob([buffers[0]], { type: "application/json" }), "trace.json");
  }

  /** Paint a tile for a few milliseconds in every frame; the old one is shown until it is done. */
  takeFrame(frame, buffers) {
    this.latest = [frame, buffers];
    const [dominant, filled, marks] = buffers.map((b) => new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength));
    const height = Math.round(LANE * this.ratio), scene = this.scene;
    cancelAnimationFrame(this.painting);
    const job = paintTile(frame, { dominant, filled, marks }, scene.looks, height, this.shown);
    const work = () => {
      const until = performance.now() + PAINT_MS;
      while (performance.now() < until) {
        const { done, value } = job.next();
        if (done) return this.showTile(scene, { frame, picture: value });
      }
      this.painting = requestAnimationFrame(work);
    };
    work();
  }

  showTile(scene, tile) {
    this.inFlight = false;
    if (scene === this.scene) this.tile = tile;
    this.canvas.dataset.frames = Number(this.canvas.dataset.frames ?? 0) + 1;
    this.controls.crowd(tile.frame.arrows === null);
    this.repaint();
    this.want();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.ask({ ask: "summary", ...this.window() }), 200);
  }

  overlaysChanged() {
    if (this.latest && !this.inFlight) this.takeFrame(...this.latest);
    this.repaint();
  }

  /** Show a window, kept within the trace and above a few nanoseconds. */
  show(begin, end) {
    const whole = Math.max(this.scene.duration, 1);
    const span = Math.min(Math.max(end - begin, 20), whole);
    const from = Math.min(Math.max(begin, 0), whole - span);
    this.view = { begin: from, end: from + span };
    this.want();
    this.repaint();
  }

  fit() { this.show(0, this.scene.duration); }

  zoom(factor, at = (this.view.begin + this.view.end) / 2) {
    this.show(at - (at - this.view.begin) * factor, at + (this.view.end - at) * factor);
  }

  pan(share) {
    const shift = (this.view.end - this.view.begin) * share;
    this.show(this.view.begin + shift, this.view.end + shift);
  }

  scroll(lanes) {
    if (!lanes) return;
    const most = Math.max(this.scene.names.length - Math.floor((this.height - AXIS) / LANE), 0);
    this.first = Math.min(Math.max(this.first + lanes, 0), most);
    this.want();
    this.repaint();
  }

  /** Put the cursor under the pointer, or tell the family of the lane whose name it is on. */
  hover(here) {
    if (here.y < AXIS || !this.scene.names.length) return;
    const lane = Math.min(this.laneAt(here.y), this.scene.names.length - 1), named = here.x < this.gutter;
    this.cursor = { lane, time: named ? this.cursor.time : this.timeAt(here.x) };
    if (this.measure?.open) this.measure.to = this.cursor.time;
    this.repaint();
    clearTimeout(this.asking);
    this.asking = setTimeout(() => (named ? this.inquireLane(lane) : this.inquire()), 60);
  }

  moveCursor(lanes, time) {
    const lane = Math.max(Math.min(this.cursor.lane + lanes, this.scene.names.length - 1), 0);
    this.cursor = { lane, time: Math.min(Math.max(this.cursor.time + time, 0), this.scene.duration - 1) };
    if (lane < this.first) this.scroll(lane - this.first);
    if (lane >= this.first + this.lanesInSight()) this.scroll(lane - this.first - this.lanesInSight() + 1);
    if (this.cursor.time < this.view.begin) this.pan(-0.2);
    if (this.cursor.time > this.view.end) this.pan(0.2);
    if (this.measure?.open) this.measure.to = this.cursor.time;
    this.repaint();
    this.inquire();
  }

  inquire() { this.wonder({ ask: "details", lane: this.cursor.lane, instant: Math.floor(this.cursor.time) }); }

  inquireLane(lane) { this.wonder({ ask: "lane", lane }); }

  /** Ask for something to tell; answers to what was asked before no longer interest. */
  wonder(question) {
    clearTimeout(this.asking);
    this.ask(question);
    this.curious = this.seq;
  }

  /** Say something that no answer under way may replace. */
  say(text) {
    clearTimeout(this.asking);
    this.curious = null;
    this.controls.told.textContent = text;
  }

  toggleMeasure() {
    this.measuring = !this.measuring;
    this.controls.press(this.controls.measure, this.measuring);
    if (!this.measuring) this.dropMeasure();
  }

  beginMeasure(time) {
    this.measure = { from: time, to: time };
    this.repaint();
  }

  measureTo(time) {
    this.measure.to = time;
    this.repaint();
  }

  dropMeasure() {
    this.measure = null;
    this.repaint();
  }

  /** Say what was measured, and what the lanes spent that time on. */
  endMeasure() {
    this.measure = { from: this.measure.from, to: this.measure.to };
    const [begin, end] = [this.measure.from, this.measure.to].sort((a, b) => a - b).map(Math.round);
    this.say(`Measured ${durationText(end - begin)}, from ${durationText(begin)} to ${durationText(end)}.`);
    this.ask({ ask: "summary", begin, end });
    this.repaint();
  }

  /** Begin to measure at the cursor, or end there. */
  mark() {
    if (this.measure?.open) return this.endMeasure();
    this.measure = { from: this.cursor.time, to: this.cursor.time, open: true };
    this.say(`Measuring from ${durationText(this.cursor.time)}; move the cursor and press M again.`);
    this.repaint();
  }

  exportWindow() { this.ask({ ask: "export", ...this.window() }); }

  savePicture() {
    const title = `${this.scene.title.split(":")[0]}, ${durationText(this.view.begin)} to ${durationText(this.view.end)}`;
    picture(this.canvas, this.ratio, title, this.controls.legend).toBlob((blob) => download(blob, "trace.png"), "image/png");
  }
}

export default {
  render({ model, el }) {
    el.classList.add("trace-viewer");
    const controls = new Controls(el), timeline = new Timeline(model, controls.canvas, controls);
    controls.drive(timeline);
    new Gestures(controls.canvas, timeline);
    timeline.begin();
    return () => timeline.close();
  },
};
