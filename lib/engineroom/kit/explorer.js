// The explorer's front end: native controls (so that keyboard and screen readers work),
// a figure with alt text, and one request in flight at a time.

import { make } from "./element.mjs";
import { newestOnly } from "./newest_only.mjs";

const POSITIONS = 200; // of a logarithmic slider
const PATIENCE_MS = 4000; // before we say that no kernel answers
const SILENCE = "No kernel answers: run this cell (Shift+Enter), then move the knobs.";

const tidy = (knob, value) => {
  const stepped = Math.round(value / knob.step) * knob.step;
  const rounded = knob.log ? Number(value.toPrecision(2)) : stepped;
  const snapped = knob.whole ? Math.round(rounded) : Number(rounded.toPrecision(10));
  return Math.min(knob.high, Math.max(knob.low, snapped));
};

// A logarithmic slider that starts at 0 has 0 as its first position, then climbs from one step.
const logStart = (knob) => (knob.low > 0 ? knob.low : knob.step);

const fromPosition = (knob, position) => {
  if (!knob.log) return tidy(knob, position);
  if (position <= 0) return knob.low;
  if (position >= POSITIONS) return knob.high;
  const start = logStart(knob);
  return tidy(knob, start * (knob.high / start) ** (position / POSITIONS));
};

const toPosition = (knob, value) => {
  if (!knob.log) return value;
  if (value <= logStart(knob)) return value <= knob.low ? 0 : 1;
  return Math.round((POSITIONS * Math.log(value / logStart(knob))) / Math.log(knob.high / logStart(knob)));
};

const withUnit = (knob, value) => `${Number(value).toLocaleString("en-GB")} ${knob.unit}`.trim();

// The arrow keys scroll a figure's frame; after a click, which gives it the focus too, JupyterLab keeps its keys.
const keepArrows = ({ target }) => target.toggleAttribute("data-lm-suppress-shortcuts", target.matches(":focus-visible"));

// This module is loaded once for each widget, so a counter alone would repeat on a page with two.
const PAGE_UNIQUE = Math.random().toString(36).slice(2, 10);
let counter = 0;

// One knob's row. `changed` is called with nothing when the learner moved it.
function knobRow(name, knob, changed) {
  const id = `er-${PAGE_UNIQUE}-${name}-${counter++}`;
  const error = make("p", { class: "er-error", id: `${id}-error`, role: "alert" });
  const help = make("p", { class: "er-help", id: `${id}-help` }, knob.help);
  const label = make("label", { for: id }, knob.label);
  const about = { "aria-describedby": `${id}-help ${id}-error` };
  const row = make("div", { class: `er-knob er-${knob.kind}` });
  let read, write, field;

  if (knob.kind === "number") {
    const range = knob.log
      ? { min: 0, max: POSITIONS, step: 1 }
      : { min: knob.low, max: knob.high, step: knob.step };
    const slider = make("input", { id, type: "range", ...range, ...about });
    field = make("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      "aria-label": `${knob.label}${knob.unit ? ` in ${knob.unit}` : ""}, as a number`,
      ...about,
    });
    const speak = (value) => slider.setAttribute("aria-valuetext", withUnit(knob, value));
    slider.addEventListener("input", () => {
      const value = fromPosition(knob, Number(slider.value));
      field.value = value;
      speak(value);
      changed();
    });
    // Arrow keys on a logarithmic slider must move the value even where positions round to the same.
    slider.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!way || !knob.log) return;
      event.preventDefault();
      const before = Number(field.value);
      let position = Number(slider.value);
      let value = before;
      while (value === before && position + way >= 0 && position + way <= POSITIONS) {
        position += way;
        value = fromPosition(knob, position);
      }
      slider.value = position;
      slider.dispatchEvent(new Event("input"));
    });
    field.addEventListener("change", changed);
    field.addEventListener("keydown", (event) => event.key === "Enter" && changed());
    read = () => field.value;
    write = (value) => {
      field.value = value;
      if (!Number.isNaN(Number(value))) {
        slider.value = toPosition(knob, Number(value));
        speak(value);
      }
    };
    const unit = make("span", { class: "er-unit" }, knob.unit);
    row.append(make("div", { class: "er-head" }, label, make("span", { class: "er-value" }, field, unit)), slider);
  } else if (knob.kind === "choice") {
    field = make("select", { id, onchange: changed, ...about });
    for (const option of knob.options) field.append(make("option", { value: option }, option));
    read = () => field.value;
    write = (value) => (field.value = value);
    row.append(label, field);
  } else {
    field = make("input", { id, type: "checkbox", onchange: changed, ...about });
    read = () => field.checked;
    write = (value) => (field.checked = value);
    row.append(make("div", { class: "er-head" }, label, field));
  }
  row.append(help, error);
  const complain = (message) => {
    error.textContent = message || "";
    field.toggleAttribute("aria-invalid", Boolean(message));
    if (message) field.setAttribute("aria-invalid", "true");
  };
  return { row, read, write, complain };
}

function render({ model, el }) {
  const spec = model.get("spec");
  const knobs = {};
  const image = make("img", { class: "er-figure", width: spec.width });
  const frame = make("div", { class: "er-frame", tabindex: 0, role: "group", "aria-label": "figure", onfocus: keepArrows }, image);
  const summary = make("p", { class: "er-summary", "aria-live": "polite" });
  const trouble = make("p", { class: "er-error", role: "alert" });
  const status = make("span", { class: "er-status", role: "status" });
  const bar = make("progress", { max: 1, "aria-label": "progress of the real run" });
  const run = make("button", { type: "button", class: "er-run", onclick: () => requests.settled(() => command("run")) }, spec.run_label);
  const stop = make("button", { type: "button", onclick: () => command("stop") }, "Stop");
  const root = make("section", { class: "er-explorer", "aria-label": spec.title });

  // A preset may also set knobs that have no control here; they stay as it set them.
  let hidden = {};
  const values = () => ({
    ...hidden,
    ...Object.fromEntries(Object.entries(knobs).map(([name, knob]) => [name, knob.read()])),
  });
  const write = (settings) => Object.entries(settings).forEach(([name, value]) => knobs[name]?.write(value));

  const requests = newestOnly({
    patienceMs: PATIENCE_MS,
    send: (seq) => {
      model.set("ask", { seq, values: values() });
      model.save_changes();
    },
    told: (state) => {
      if (state === "busy") root.setAttribute("aria-busy", "true");
      else root.removeAttribute("aria-busy");
      if (state === "silent") status.textContent = SILENCE;
      else if (status.textContent === SILENCE) status.textContent = "";
    },
  });

  function command(what) {
    model.set("command", { do: what, n: Date.now() + counter++ });
    model.save_changes();
  }

  function showAnswer() {
    const answer = model.get("answer");
    if (answer.force) write(answer.values);
    for (const [name, knob] of Object.entries(knobs)) knob.complain(answer.errors[name]);
    trouble.textContent = answer.errors[""] || "";
    summary.textContent = answer.summary;
    image.alt = `${spec.title}: ${answer.summary}`;
    requests.answered(answer.seq);
  }

  function showImage() {
    const bytes = model.get("image");
    if (!bytes || !bytes.byteLength) return;
    const old = image.src;
    image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    if (old) URL.revokeObjectURL(old);
  }

  function showProgress() {
    const { running, share, message } = model.get("progress");
    run.disabled = running;
    stop.hidden = !running;
    bar.hidden = !running;
    if (share === null || share === undefined) bar.removeAttribute("value");
    else bar.value = share;
    status.textContent = message || "";
  }

  const controls = make("form", { class: "er-controls", onsubmit: (event) => event.preventDefault() });
  const presets = make("div", { class: "er-presets", role: "group", "aria-label": "presets" });
  for (const [name, settings] of Object.entries(spec.presets)) {
    const choose = () => {
      write(settings);
      hidden = settings;
      requests.ask();
    };
    presets.append(make("button", { type: "button", onclick: choose }, name));
  }
  controls.append(presets);
  for (const [name, knob] of Object.entries(spec.knobs)) {
    knobs[name] = knobRow(name, knob, requests.ask);
    controls.append(knobs[name].row);
  }
  const actions = make("div", { class: "er-actions" });
  if (spec.run_label) actions.append(run, stop, bar);
  actions.append(status);
  controls.append(actions, trouble);
  root.append(
    make("h4", { class: "er-title" }, spec.title),
    make("div", { class: "er-columns" }, controls, make("div", { class: "er-picture" }, frame, summary)),
  );
  el.append(root);

  write(model.get("answer").values);
  showImage();
  showAnswer();
  showProgress();
  model.on("change:answer", showAnswer);
  model.on("change:image", showImage);
  model.on("change:progress", showProgress);
  return () => {
    requests.close();
    model.off("change:answer", showAnswer);
    model.off("change:image", showImage);
    model.off("change:progress", showProgress);
    if (image.src) URL.revokeObjectURL(image.src);
  };
}

export default { render };
