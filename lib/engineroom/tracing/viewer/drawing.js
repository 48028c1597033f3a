// Drawing: textures, swatches, and tiles. A tile is a window of the timeline as one picture, made from
// the kernel's bins: one byte per pixel and lane that says what fills it.

import { make } from "../../kit/element.mjs";

const LANE = 18, AXIS = 22, GUTTER = 210, TALLEST = 420, NONE = 255, PERIOD = 12, MARK_ROWS = 3;
const INK = "#1f2933", FONT = "DejaVu Sans, sans-serif";

// Which pixels a texture paints; plots.py has the same for still figures.
const TEXTURES = {
  solid: () => true,
  hatched: (x, y) => (x + y) % 4 < 2,
  dotted: (x, y) => y % 3 !== 1 || x % 3 === 0,
  striped: (x, y) => y % 4 < 2,
};

// What lies over the lanes. Phases span all lanes; marks are a line along the top of one.
const PHASES = {
  "GC mark phase": { fill: "rgba(204,121,167,.22)", edge: "#a8467f", sign: "GC" },
  "stop-the-world": { fill: "rgba(213,94,0,.45)", edge: "#d55e00", sign: "▼" },
};
const MARKS = {
  "mark assist": { colour: [31, 41, 51], texture: () => true },
  sweep: { colour: [105, 117, 134], texture: (x) => x % 4 < 2 },
};

function durationText(ns) {
  const size = Math.abs(ns);
  const [unit, scale] = size >= 1e9 ? ["s", 1e9] : size >= 1e6 ? ["ms", 1e6] : size >= 1e3 ? ["µs", 1e3] : ["ns", 1];
  return `${Number((ns / scale).toPrecision(4))} ${unit}`;
}

function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A small canvas on which `draw(context, width, height)` has drawn, for legends. */
function swatch(draw) {
  const made = make("canvas", { width: 16, height: 12 });
  draw(made.getContext("2d"), 16, 12);
  return made;
}

function paintTexture(context, { colour, texture, top = 0 }, width, height) {
  context.fillStyle = colour;
  for (let y = Math.round(top * height); y < height; y++) {
    for (let x = 0; x < width; x++) if (texture(x, y)) context.fillRect(x, y, 1, 1);
  }
}

function paintLook(context, look, width, height) {
  paintTexture(context, { ...look, texture: TEXTURES[look.texture] }, width, height);
}

/** Shorten a text in its middle, as the ends of a function's name tell most. */
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  for (let kept = text.length - 1; kept > 1; kept--) {
    const head = Math.ceil(kept / 2), short = `${text.slice(0, head)}…${text.slice(text.length - (kept - head))}`;
    if (context.measureText(short).width <= width) return short;
  }
  return "…";
}

/** By category and column (textures repeat every twelve), the rows of a lane that are painted. */
function paintedRows(looks, height) {
  return looks.map(({ top, texture }) => Array.from({ length: PERIOD }, (_, x) => {
    const rows = [];
    for (let y = Math.round(top * height); y < height - 2; y++) if (TEXTURES[texture](x, y)) rows.push(y);
    return Uint16Array.from(rows);
  }));
}

const packed = (r, g, b) => (b << 16) | (g << 8) | r;
const hexToPacked = (hex) => packed(...[1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));

/** Paint bins as a picture, lane by lane, so that the work can be spread over frames. */
function* paintTile(frame, { dominant, filled, marks }, looks, height, shown) {
  const { pixels, count } = frame;
  const tile = new OffscreenCanvas(Math.max(pixels, 1), Math.max(count * height, 1));
  const context = tile.getContext("2d");
  context.font = `${Math.round(height * 0.55)}px ${FONT}`;
  context.textBaseline = "middle";
  const painted = paintedRows(looks, height);
  const colours = looks.map(({ colour }) => hexToPacked(colour));
  const lines = Object.entries(MARKS).map(([name, { colour, texture }]) =>
    [(0xff << 24) | packed(...colour), shown.has(name) ? texture : () => false]);
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
    if (marks.length) paintMarks(bytes, marks.subarray(lane * pixels, (lane + 1) * pixels), lines);
    context.putImageData(strip, 0, lane * height);
    for (const [category, x] of stretches(dominant.subarray(lane * pixels, (lane + 1) * pixels), height)) {
      writeLetter(context, looks[category], x + 3, (lane + 0.48) * height);
    }
    yield;
  }
  return tile;
}

function paintMarks(bytes, row, lines) {
  for (let x = 0; x < row.length; x++) {
    if (row[x] === NONE) continue;
    const [colour, texture] = lines[row[x]];
    if (texture(x)) for (let y = 0; y < MARK_ROWS; y++) bytes[y * row.length + x] = colour;
  }
}

/** Letters carry a pale rim, so that they can be read on any texture. */
function writeLetter(context, { letter }, x, y) {
  context.lineWidth = 3;
  context.strokeStyle = "rgba(255,255,255,.85)";
  context.strokeText(letter, x, y);
  context.fillStyle = INK;
  context.fillText(letter, x, y);
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

/** Put a title above a timeline's picture and its legend below, so that a saved image explains itself. */
function picture(canvas, ratio, title, legend) {
  const width = canvas.width / ratio, made = document.createElement("canvas");
  const context = made.getContext("2d");
  context.font = `12px ${FONT}`;
  const rows = [[]];
  let x = 8;
  for (const [name, drawn] of legend) {
    const wide = 30 + context.measureText(name).width;
    if (x + wide > width - 8) { rows.push([]); x = 8; }
    rows.at(-1).push([name, drawn, x]);
    x += wide;
  }
  const height = canvas.height / ratio + 24 + 20 * rows.length + 4;
  Object.assign(made, { width: canvas.width, height: Math.round(height * ratio) });
  context.scale(ratio, ratio);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.fillStyle = INK;
  context.font = `12px ${FONT}`;
  context.textBaseline = "middle";
  context.fillText(title, 8, 12, width - 16);
  context.drawImage(canvas, 0, 24, width, canvas.height / ratio);
  rows.forEach((row, i) => row.forEach(([name, drawn, at]) => {
    const y = canvas.height / ratio + 36 + 20 * i;
    context.drawImage(drawn, at, y - 6);
    context.fillText(name, at + 20, y);
  }));
  return made;
}
