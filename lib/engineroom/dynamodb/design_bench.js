// The design bench's front end: text fields in, the kernel's screen out, one request in flight at a time.

import { make } from "../kit/element.mjs";
import { newestOnly } from "../kit/newest_only.mjs";

const PATIENCE_MS = 6000; // before we say that no kernel answers

let counter = 0;
// Each widget loads this file for itself, so a counter alone would repeat ids on a page of two benches.
const own = Math.random().toString(36).slice(2, 8);

function render({ model, el }) {
  const spec = model.get("spec");
  const texts = structuredClone(model.get("answer").texts);
  const fields = []; // each knows how to show a text again that was changed from code

  const screen = make("div", { class: "er-screen" });
  const summary = make("p", { role: "status", "aria-live": "polite" });
  const trouble = make("p", { class: "er-error", role: "alert" });
  const status = make("span", { role: "status" });
  const run = make("button", { type: "button", onclick: () => settled(() => send("command", { n: Date.now() })) }, "Run for real");
  const root = make("section", { class: "er-bench", "aria-label": spec.title });

  function send(trait, value) {
    model.set(trait, value);
    model.save_changes();
  }

  const { ask, answered, settled, close } = newestOnly({
    patienceMs: PATIENCE_MS,
    send: (seq) => send("ask", { seq, texts: structuredClone(texts) }),
    told: (state) => {
      if (state === "busy") root.setAttribute("aria-busy", "true");
      else root.removeAttribute("aria-busy");
      if (state === "silent") trouble.textContent = "No kernel answers: run this cell (Shift+Enter), then edit again.";
    },
  });

  // `of` finds the object that holds the text, given all texts.
  function field(label, of, name, kind = "input") {
    const id = `er-bench-${own}-${counter++}`;
    const entry = make(kind, kind === "input" ? { id, type: "text" } : { id, rows: 3 });
    entry.spellcheck = false;
    entry.value = of(texts)[name];
    entry.addEventListener("input", () => {
      of(texts)[name] = entry.value;
      ask();
    });
    fields.push((newer) => {
      of(texts)[name] = of(newer)[name];
      if (entry.value !== of(newer)[name]) entry.value = of(newer)[name];
    });
    return [make("label", { for: id }, label), entry];
  }

  const keyGroup = Object.entries(texts.keys).map(([entity, made]) => {
    const rows = Object.keys(made).flatMap((name) => field(name, (all) => all.keys[entity], name));
    const columns = make("p", { class: "er-help" }, `attributes: ${spec.columns[entity].join(", ")}`);
    return make("fieldset", {}, make("legend", {}, `${entity} keys`), make("div", { class: "er-grid" }, ...rows, columns));
  });
  const indexes = field("name: partition / sort project …", (all) => all, "indexes", "textarea");
  const plans = Object.keys(texts.plans).flatMap((name) => [
    ...field(name, (all) => all.plans, name),
    make("p", { class: "er-help" }, spec.asks[name]),
  ]);

  const store = make("select", {
    "aria-label": "what to map",
    onchange: () => {
      texts.store = store.value;
      ask();
    },
  });
  const skew = make("input", {
    type: "range", min: 0, max: 2, step: 0.1, value: texts.skew, "aria-label": "Zipf skew of the load",
    oninput: () => {
      texts.skew = Number(skew.value);
      ask();
    },
  });
  const grow = make("input", {
    type: "checkbox",
    onchange: () => {
      texts.grow = grow.checked;
      ask();
    },
  });
  grow.checked = texts.grow;

  function showAnswer() {
    const answer = model.get("answer");
    if (answer.seq === 0 && !root.hasAttribute("aria-busy")) fields.forEach((show) => show(answer.texts));
    trouble.textContent = answer.trouble;
    screen.innerHTML = answer.html; // escaped by the kernel
    summary.textContent = answer.summary;
    store.replaceChildren(
      make("option", { value: "" }, "the table"),
      ...answer.stores.map((name) => make("option", { value: name }, `index ${name}`)),
    );
    store.value = answer.stores.includes(texts.store) ? texts.store : "";
    answered(answer.seq);
  }

  function showProgress() {
    const { running, share, message } = model.get("progress");
    run.disabled = running;
    status.textContent = running && share ? `${Math.round(100 * share)} %: ${message}` : message || "";
  }

  root.append(
    make("h4", {}, spec.title),
    ...keyGroup,
    make("fieldset", {}, make("legend", {}, "Indexes, one a line"), make("div", { class: "er-grid" }, ...indexes)),
    make("fieldset", {}, make("legend", {}, "Plans"), make("div", { class: "er-grid" }, ...plans)),
    trouble,
    make("div", { class: "er-bar" },
      make("label", {}, "map ", store), make("label", {}, "skew of the load ", skew),
      make("label", {}, grow, " compare with ten times the data"), run, status),
    screen,
    summary,
  );
  el.append(root);
  showAnswer();
  showProgress();
  model.on("change:answer", showAnswer);
  model.on("change:progress", showProgress);
  return () => {
    close();
    model.off("change:answer", showAnswer);
    model.off("change:progress", showProgress);
  };
}

export default { render };
