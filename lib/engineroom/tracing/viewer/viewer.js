// The browser's half of the trace viewer. The kernel sends, for a window of time, one byte per
// pixel and lane that says what fills it; they become one picture (a tile), which is moved and
// stretched while the next is on its way. A frame therefore costs the same for any trace.

const LANE = 18, AXIS = 22, GUTTER = 210, TALLEST = 420, NONE = 255, PERIOD = 12, SPARE_LANES = 4, PAINT_MS = 5;

// Every category has a colour and a texture; textures tell the share of a lane's height and
// which of its pixels are painted, so that no category is told by colour alone.
const solid = () => true;
const hatched = (x, y) => (x + y) % 4 < 2;
const dotted = (x, y) => y % 3 !== 1 || x % 3 === 0;
const striped = (x, y) => y % 4 < 2;
const LOOKS = {
  Running: { rgb: [0, 158, 115], top: 0.1, texture: solid, letter: "R" },
  Runnable: { rgb: [230, 159, 0], top: 0.1, texture: hatched, letter: "Q" },
  Waiting: { rgb: [105, 117, 134], top: 0.72, texture: solid, letter: "" },
  Syscall: { rgb: [86, 180, 233], top: 0.1, texture: dotted, letter: "S" },
  Program: { rgb: [0, 158, 115], top: 0.1, texture: solid, letter: "P" },
  Runtime: { rgb: [105, 117, 134], top: 0.1, texture: striped, letter: "r" },
  "GC worker": { rgb: [204, 121, 167], top: 0.1, texture: hatched, letter: "G" },
};
const WAITS = [
  { rgb: [213, 94, 0], texture: striped }, { rgb: [0, 114, 178], texture: solid },
  { rgb: [204, 121, 167], texture: hatched }, { rgb: [86, 180, 233], texture: dotted },
  { rgb: [31, 41, 51], texture: hatched },
];
const OTHERS = [
  { rgb: [0, 114, 178], texture: solid }, { rgb: [230, 159, 0], texture: hatched },
  { rgb: [213, 94, 0], texture: striped }, { rgb: [0, 158, 115], texture: dotted },
  { rgb: [204, 121, 167], texture: solid }, { rgb: [86, 180, 233], texture: hatched },
  { rgb: [105, 117, 134], texture: dotted },
];

function looksOf(categories) {
  let other = 0, wait = 0;
  return categories.map((name) => {
    if (LOOKS[name]) return LOOKS[name];
    const reason = name.startsWith("waits: ") && name.slice(7);
    return reason ? { ...WAITS[wait++ % WAITS.length], top: 0.5, letter: reason.slice(0, 2) }
      : { ...OTHERS[other++ % OTHERS.length], top: 0.1, letter: name.slice(0, 2) };
  });
}

export function durationText(ns) {
  const size = Math.abs(ns);
  const [unit, scale] = size >= 1e9 ? ["s", 1e9] : size >= 1e6 ? ["ms", 1e6] : size >= 1e3 ? ["µs", 1e3] : ["ns", 1];
  return `${Number((ns / scale).toPrecision(4))} ${unit}`;
}

/** By category and column (textures repeat every twelve), the rows of a lane that are painted. */
function paintedRows(looks, height) {
  return looks.map(({ top, texture }) => Array.from({ length: PERIOD }, (_, x) => {
    const rows = [];
    for (let y = Math.round(top * height); y < height - 2; y++) if (texture(x, y)) rows.push(y);
    return Uint16Array.from(rows);
  }));
}

/** Paint bins as a picture, lane by lane, so that the work can be spread over frames. */
function* paintTile(frame, dominant, filled, looks, height) {
  const { pixels, count } = frame;
  const tile = new OffscreenCanvas(Math.max(pixels, 1), Math.max(count * height, 1));
  const context = tile.getContext("2d");
  context.font = `${Math.round(height * 0.55)}px DejaVu Sans, sans-serif`;
  context.textBaseline = "middle";
  context.fillStyle = "#1f2933";
  const painted = paintedRows(looks, height);
  const colours = looks.map(({ rgb }) => (rgb[2] << 16) | (rgb[1] << 8) | rgb[0]);
  for (let lane = 0; lane < count; lane++) {
    const strip = context.createImageData(tile.width, height);
    const bytes = new Uint32Array(strip.data.buffer);
    for (let x = 0; x < pixels; x++) {
      const category = dominant[lane * pixels + x];
      if (category === NONE) continue;
      const alpha = 70 + Math.round((185 * filled[lane * pixels + x]) / 255);
      const colour = (alpha << 24) | colours[category];
      const rows = painted[category][x % PERIOD];
      for (let i = 0; i < rows.length; i++) bytes[rows[i] * pixels + x] = colour;
    }
    context.putImageData(strip, 0, lane * height);
    for (const [category, x] of stretches(dominant.subarray(lane * pixels, (lane + 1) * pixels), height)) {
      context.fillText(looks[category].letter, x + 3, (lane + 0.48) * height);
    }
    yield;
  }
  return tile;
}

/** Yield [category, left] for stretches of one category that are wide enough for a letter. */
function* stretches(row, least) {
  for (let x = 0; x < row.length;) {
    let right = x + 1;
    while (right < row.length && row[right] === row[x]) right++;
    if (right - x >= least && row[x] !== NONE) yield [row[x], x];
    x = right;
  }
}

// JupyterLab would take keys that a control is focused for (arrows, space, letters) as its own shortcuts.
const CONTROLS = new Set(["button", "input", "select", "textarea", "canvas"]);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (CONTROLS.has(tag)) made.dataset.lmSuppressShortcuts = "true";
  made.append(...children);
  return made;
}

function download(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

class Timeline {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.seq = 0;
    this.inFlight = false;
    this.tile = null;
    this.first = 0;
    this.measure = null;
    this.measuring = false;
    this.arrowsShown = true;
    this.pointers = new Map();
    this.build();
    this.adopt(true);
    this.onScene = () => this.adopt(false);
    this.onAnswer = (answer, buffers) => this.take(answer, buffers);
    model.on("change:scene", this.onScene);
    model.on("msg:custom", this.onAnswer);
    this.resizes = new ResizeObserver(() => this.resize());
    this.resizes.observe(this.canvas);
  }

  close() {
    this.model.off("change:scene", this.onScene);
    this.model.off("msg:custom", this.onAnswer);
    this.resizes.disconnect();
    cancelAnimationFrame(this.pending);
    cancelAnimationFrame(this.painting);
  }

  build() {
    const button = (text, label, action) => {
      const made = element("button", { type: "button", textContent: text, title: label, onclick: action });
      made.setAttribute("aria-label", label);
      return made;
    };
    this.layout = element("select", { onchange: () => this.rearrange({ layout: this.layout.value }) });
    this.search = element("input", { type: "search", placeholder: "function, reason, task …", size: 22 });
    this.search.setAttribute("aria-label", "search by function, reason, task or place in the code");
    this.search.oninput = () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.rearrange({ search: this.search.value }), 250);
    };
    this.system = element("input", { type: "checkbox" });
    this.system.onchange = () => this.rearrange({ system: this.system.checked });
    this.categories = element("span", { className: "bar" });
    this.measureButton = button("Measure", "measure between two points (drag, or key M twice)", () => this.toggleMeasure());
    this.arrowButton = button("Wake-ups", "show who woke whom", () => {
      this.arrowsShown = !this.arrowsShown;
      this.press(this.arrowButton, this.arrowsShown);
      this.repaint();
    });
    const controls = element("div", { className: "bar" },
      element("label", {}, "Lanes", this.layout), this.search,
      element("label", {}, this.system, "runtime's own"),
      button("−", "zoom out (key −)", () => this.zoom(2)), button("+", "zoom in (key +)", () => this.zoom(0.5)),
      button("Fit", "show the whole trace (key Home)", () => this.fit()),
      this.measureButton, this.arrowButton,
      button("PNG", "save the picture as PNG", () => this.savePicture()),
      button("JSON", "save the window for Chrome or Perfetto", () => this.ask({ ask: "export", ...this.window() })));
    this.canvas = element("canvas", { className: "time", tabIndex: 0 });
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "timeline");
    this.told = element("p", { className: "told" });
    this.told.setAttribute("aria-live", "polite");
    this.summary = element("p", { className: "summary" });
    this.summary.setAttribute("aria-live", "polite");
    const help = element("p", { className: "help", textContent:
      "Drag or ← → to pan, pinch, Ctrl+wheel or + − to zoom, ↑ ↓ to choose a lane, Shift+← → to move the cursor, " +
      "M to measure, Home to see everything, / to search." });
    this.root.replaceChildren(controls, this.categories, this.canvas, this.told, this.summary, help);
    this.listen();
    this.press(this.measureButton, false);
    this.press(this.arrowButton, true);
  }

  listen() {
    const on = (name, handler) => this.canvas.addEventListener(name, handler, { passive: false });
    on("wheel", (event) => this.onWheel(event));
    on("pointerdown", (event) => this.onDown(event));
    on("pointermove", (event) => this.onMove(event));
    on("pointerup", (event) => this.onUp(event));
    on("pointercancel", (event) => this.onUp(event));
    on("keydown", (event) => this.onKey(event));
  }

  press(button, pressed) { button.setAttribute("aria-pressed", String(pressed)); }

  /** Take over a new arrangement from the kernel. */
  adopt(fresh) {
    const scene = this.model.get("scene");
    this.scene = scene;
    this.looks = looksOf(scene.categories);
    if (fresh) this.view = { begin: 0, end: Math.max(scene.duration, 1) };
    this.layout.replaceChildren(...scene.layouts.map((name) => element("option", { value: name, textContent: name })));
    this.layout.value = scene.layout;
    if (document.activeElement !== this.search) this.search.value = scene.search;
    this.system.checked = scene.system;
    this.categories.replaceChildren(...scene.categories.map((name, i) => this.categoryButton(name, this.looks[i])));
    this.summary.textContent = scene.summary;
    this.told.textContent = scene.search ? `${scene.matches} intervals match.` : "";
    this.cursor = { lane: 0, time: (this.view.begin + this.view.end) / 2 };
    this.first = 0;
    this.tile = null;
    this.resize();
  }

  categoryButton(name, look) {
    const swatch = element("canvas", { width: 16, height: 12 });
    const context = swatch.getContext("2d");
    context.fillStyle = `rgb(${look.rgb.join()})`;
    for (let y = Math.round(look.top * 12); y < 12; y++) {
      for (let x = 0; x < 16; x++) if (look.texture(x, y)) context.fillRect(x, y, 1, 1);
    }
    const hidden = new Set(this.scene.hidden);
    const made = element("button", { type: "button", className: "category" }, swatch, `${name} ${look.letter && `(${look.letter})`}`);
    this.press(made, !hidden.has(name));
    made.onclick = () => {
      hidden.has(name) ? hidden.delete(name) : hidden.add(name);
      this.rearrange({ hidden: [...hidden] });
    };
    return made;
  }

  rearrange(change) {
    const { layout, search, hidden, system } = this.scene;
    this.ask({ ask: "arrange", layout, search, hidden, system, ...change });
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(this.canvas.clientWidth || 900, 400);
    this.height = AXIS + Math.min(Math.max(this.scene.names.length, 1) * LANE, TALLEST);
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.ratio = ratio;
    this.width = width - GUTTER;
    this.want();
    this.repaint();
  }

  ask(question) { this.model.send({ ...question, seq: ++this.seq }); }

  window() { return { begin: Math.round(this.view.begin), end: Math.round(this.view.end) }; }

  lanesInSight() { return Math.ceil((this.height - AXIS) / LANE); }

  /** Tell whether the tile covers what is in sight, at its very resolution. */
  fits() {
    if (!this.tile) return false;
    const { begin, end, first, count, pixels } = this.tile.frame, view = this.view;
    const stretched = (pixels / (end - begin)) / ((this.width * this.ratio) / (view.end - view.begin));
    const below = Math.min(this.first + this.lanesInSight(), this.scene.names.length);
    return Math.abs(Math.log2(stretched)) < 0.01 && begin <= Math.ceil(view.begin) && end >= Math.floor(view.end)
      && first <= this.first && first + count >= below;
  }

  /** Ask for the window in sight and half as much on either side, if what is there won't do. */
  want() {
    if (this.inFlight || this.fits()) return;
    const { begin, end } = this.view, span = end - begin;
    this.inFlight = true;
    const from = Math.max(begin - span / 2, 0), to = Math.min(end + span / 2, Math.max(this.scene.duration, 1));
    const pixels = Math.max(1, Math.round((this.width * this.ratio * (to - from)) / span));
    const first = Math.max(this.first - SPARE_LANES, 0);
    this.ask({ ask: "frame", begin: Math.round(from), end: Math.max(Math.round(to), Math.round(from) + 1),
      pixels, first, count: this.lanesInSight() + 2 * SPARE_LANES });
  }

  take(answer, buffers) {
    if (answer.answer === "frame") this.takeFrame(answer, buffers);
    if (answer.answer === "details" && answer.found) this.tell(answer.found);
    if (answer.answer === "summary") this.summary.textContent = answer.text;
    if (answer.answer === "failure") { this.told.textContent = answer.text; this.inFlight = false; }
    if (answer.answer === "export") download(new Blob([buffers[0]], { type: "application/json" }), "trace.json");
  }

  /** Paint a tile for a few milliseconds in every frame; the old one is shown until it is done. */
  takeFrame(frame, buffers) {
    const bytes = buffers.map((b) => new Uint8Array(b.buffer ?? b, b.byteOffset ?? 0, b.byteLength));
    const height = Math.round(LANE * this.ratio), scene = this.scene;
    const job = paintTile(frame, bytes[0], bytes[1], this.looks, height);
    const work = () => {
      const until = performance.now() + PAINT_MS;
      while (performance.now() < until) {
        const { done, value } = job.next();
        if (done) return this.showTile(scene, { frame, picture: value, height });
      }
      this.painting = requestAnimationFrame(work);
    };
    work();
  }

  showTile(scene, tile) {
    this.inFlight = false;
    if (scene === this.scene) this.tile = tile;
    this.canvas.dataset.frames = Number(this.canvas.dataset.frames ?? 0) + 1;
    this.repaint();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => { this.want(); this.ask({ ask: "summary", ...this.window() }); }, 200);
  }

  repaint() {
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => this.paint());
  }

  x(time) { return GUTTER + ((time - this.view.begin) / (this.view.end - this.view.begin)) * this.width; }
  y(lane) { return AXIS + (lane - this.first) * LANE; }
  timeAt(x) { return this.view.begin + ((x - GUTTER) / this.width) * (this.view.end - this.view.begin); }
  laneAt(y) { return Math.floor((y - AXIS) / LANE) + this.first; }

  paint() {
    const c = this.canvas.getContext("2d");
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.fillStyle = "#fff";
    c.fillRect(0, 0, this.width + GUTTER, this.height);
    c.save();
    c.beginPath();
    c.rect(GUTTER, AXIS, this.width, this.height - AXIS);
    c.clip();
    if (this.tile) this.paintTile(c);
    this.paintMarks(c);
    c.restore();
    this.paintAxis(c);
    this.paintNames(c);
    this.describe();
  }

  paintTile(c) {
    const { frame, picture } = this.tile;
    const left = this.x(frame.begin), right = this.x(frame.end), scale = (right - left) / frame.pixels;
    for (const [kind, from, to] of frame.bands) {
      c.fillStyle = kind ? "rgba(213,94,0,.45)" : "rgba(204,121,167,.18)";
      c.fillRect(left + from * scale, AXIS, Math.max((to - from) * scale, 1), this.height);
    }
    c.imageSmoothingEnabled = false;
    c.drawImage(picture, left, this.y(frame.first), right - left, frame.count * LANE);
    if (!this.arrowsShown) return;
    c.strokeStyle = "rgba(31,41,51,.7)";
    c.lineWidth = 1;
    c.beginPath();
    for (const [time, from, to] of frame.arrows) {
      const x = this.x(time), down = to > from ? 1 : -1;
      const start = this.y(from) + LANE / 2, tip = this.y(to) + LANE / 2 - (down * LANE) / 3;
      c.moveTo(x, start);
      c.lineTo(x, tip);
      c.moveTo(x - 3, tip - 5 * down);
      c.lineTo(x, tip);
      c.lineTo(x + 3, tip - 5 * down);
    }
    c.stroke();
  }

  paintMarks(c) {
    if (this.measure) {
      const [a, b] = [this.x(this.measure.from), this.x(this.measure.to)];
      c.fillStyle = "rgba(0,114,178,.15)";
      c.fillRect(Math.min(a, b), AXIS, Math.abs(b - a), this.height);
      c.strokeStyle = "#0072b2";
      c.strokeRect(Math.min(a, b), AXIS, Math.abs(b - a), this.height);
      c.fillStyle = "#0072b2";
      c.font = "bold 12px DejaVu Sans, sans-serif";
      c.fillText(durationText(Math.abs(this.measure.to - this.measure.from)), Math.min(a, b) + 4, this.height - 6);
    }
    c.strokeStyle = "#0072b2";
    c.setLineDash([3, 3]);
    c.strokeRect(GUTTER, this.y(this.cursor.lane), this.width, LANE);
    const x = this.x(this.cursor.time);
    c.beginPath();
    c.moveTo(x, AXIS);
    c.lineTo(x, this.height);
    c.stroke();
    c.setLineDash([]);
  }

  paintAxis(c) {
    const span = this.view.end - this.view.begin;
    const rough = span / Math.max(this.width / 110, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    c.fillStyle = "#1f2933";
    c.strokeStyle = "#d9dee4";
    c.font = "11px DejaVu Sans, sans-serif";
    c.textBaseline = "middle";
    for (let t = Math.ceil(this.view.begin / step) * step; t <= this.view.end; t += step) {
      c.beginPath();
      c.moveTo(this.x(t), AXIS - 5);
      c.lineTo(this.x(t), this.height);
      c.stroke();
      c.fillText(durationText(t), this.x(t) + 3, 9);
    }
  }

  paintNames(c) {
    c.fillStyle = "#fff";
    c.fillRect(0, AXIS, GUTTER, this.height);
    c.fillStyle = "#1f2933";
    c.font = "11px DejaVu Sans, sans-serif";
    c.textBaseline = "middle";
    const last = Math.min(this.first + this.lanesInSight(), this.scene.names.length);
    for (let lane = this.first; lane < last; lane++) {
      c.fillText(this.scene.names[lane], 4, this.y(lane) + LANE / 2, GUTTER - 8);
    }
  }

  describe() {
    const name = this.scene.names[this.cursor.lane]?.trim() ?? "no lane";
    this.canvas.setAttribute("aria-label", `Timeline. ${this.scene.title} In sight: ${durationText(this.view.begin)} to `
      + `${durationText(this.view.end)}. Cursor: ${name} at ${durationText(this.cursor.time)}.`);
  }

  tell(found) {
    this.told.replaceChildren(element("strong", { textContent: found.title }), found.lines.join("\n"));
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
    const most = Math.max(this.scene.names.length - Math.floor((this.height - AXIS) / LANE), 0);
    this.first = Math.min(Math.max(this.first + lanes, 0), most);
    this.want();
    this.repaint();
  }

  toggleMeasure() {
    this.measuring = !this.measuring;
    if (!this.measuring) this.measure = null;
    this.press(this.measureButton, this.measuring);
    this.repaint();
  }

  mark() {
    if (this.measure?.open) {
      this.measured({ from: this.measure.from, to: this.cursor.time });
    } else {
      this.measure = { from: this.cursor.time, to: this.cursor.time, open: true };
      this.told.textContent = `Measuring from ${durationText(this.cursor.time)}; move the cursor and press M again.`;
    }
    this.repaint();
  }

  measured(measure) {
    this.measure = measure;
    const begin = Math.round(Math.min(measure.from, measure.to)), end = Math.round(Math.max(measure.from, measure.to));
    this.told.textContent = `Measured ${durationText(end - begin)}, from ${durationText(begin)} to ${durationText(end)}.`;
    this.ask({ ask: "summary", begin, end });
  }

  inquire() {
    this.ask({ ask: "details", lane: this.cursor.lane, instant: Math.floor(this.cursor.time) });
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  onWheel(event) {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.zoom(2 ** (event.deltaY / 200), this.timeAt(this.place(event).x));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.pan((event.deltaX || event.deltaY) / 1000);
    } else if (document.activeElement === this.canvas && this.scene.names.length > this.lanesInSight()) {
      event.preventDefault();
      this.scroll(Math.sign(event.deltaY) * 2);
    }
  }

  onDown(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.place(event));
    const here = this.place(event);
    this.moved = false;
    if (this.measuring || event.shiftKey) this.measure = { from: this.timeAt(here.x), to: this.timeAt(here.x), dragged: true };
  }

  onMove(event) {
    const here = this.place(event), before = this.pointers.get(event.pointerId);
    if (!before) return this.hover(here);
    this.pointers.set(event.pointerId, here);
    if (Math.abs(here.x - before.x) + Math.abs(here.y - before.y) > 1) this.moved = true;
    if (this.pointers.size === 2) return this.pinch(event.pointerId, before, here);
    if (this.measure?.dragged) {
      this.measure.to = this.timeAt(here.x);
      return this.repaint();
    }
    this.pan((before.x - here.x) / this.width);
    this.drift = (this.drift ?? 0) + (before.y - here.y) / LANE;
    if (Math.abs(this.drift) >= 1) {
      this.scroll(Math.trunc(this.drift));
      this.drift -= Math.trunc(this.drift);
    }
  }

  pinch(id, before, here) {
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const was = Math.max(Math.abs(before.x - other.x), 10), is = Math.max(Math.abs(here.x - other.x), 10);
    this.zoom(was / is, this.timeAt((here.x + other.x) / 2));
  }

  onUp(event) {
    this.pointers.delete(event.pointerId);
    if (this.measure?.dragged) this.measured({ from: this.measure.from, to: this.measure.to });
    else if (!this.moved) this.hover(this.place(event));
    this.repaint();
  }

  hover(here) {
    if (here.x < GUTTER || here.y < AXIS) return;
    this.cursor = { lane: Math.min(this.laneAt(here.y), this.scene.names.length - 1), time: this.timeAt(here.x) };
    if (this.measure?.open) this.measure.to = this.cursor.time;
    this.repaint();
    clearTimeout(this.asking);
    this.asking = setTimeout(() => this.inquire(), 60);
  }

  onKey(event) {
    const step = (this.view.end - this.view.begin) / 50;
    const actions = {
      ArrowLeft: () => (event.shiftKey ? this.move(0, -step) : this.pan(-0.1)),
      ArrowRight: () => (event.shiftKey ? this.move(0, step) : this.pan(0.1)),
      ArrowUp: () => this.move(-1, 0),
      ArrowDown: () => this.move(1, 0),
      PageUp: () => this.scroll(-this.lanesInSight()),
      PageDown: () => this.scroll(this.lanesInSight()),
      "+": () => this.zoom(0.5, this.cursor.time),
      "=": () => this.zoom(0.5, this.cursor.time),
      "-": () => this.zoom(2, this.cursor.time),
      Home: () => this.fit(),
      Enter: () => this.inquire(),
      m: () => this.mark(),
      "/": () => this.search.focus(),
      Escape: () => { this.measure = null; this.repaint(); },
    };
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }

  move(lanes, time) {
    const lane = Math.min(Math.max(this.cursor.lane + lanes, 0), this.scene.names.length - 1);
    this.cursor = { lane, time: Math.min(Math.max(this.cursor.time + time, 0), this.scene.duration - 1) };
    if (lane < this.first) this.scroll(lane - this.first);
    if (lane >= this.first + this.lanesInSight()) this.scroll(lane - this.first - this.lanesInSight() + 1);
    if (this.cursor.time < this.view.begin) this.pan(-0.2);
    if (this.cursor.time > this.view.end) this.pan(0.2);
    if (this.measure?.open) this.measure.to = this.cursor.time;
    this.repaint();
    this.inquire();
  }

  savePicture() { this.canvas.toBlob((blob) => download(blob, "trace.png"), "image/png"); }
}

export default {
  render({ model, el }) {
    el.classList.add("trace-viewer");
    const timeline = new Timeline(model, el);
    return () => timeline.close();
  },
};
