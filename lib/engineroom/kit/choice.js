// The front end of a named list: a native one, which works with the keyboard.

import { make } from "./element.mjs";

function render({ model, el }) {
  const list = make("select", { class: "er-choice", onchange: () => (model.set("value", list.value), model.save_changes()) });
  list.append(...model.get("options").map((option) => make("option", { value: option }, option)));
  el.append(make("label", {}, `${model.get("label")} `, list));
  const show = () => (list.value = model.get("value"));
  show();
  model.on("change:value", show);
  return () => model.off("change:value", show);
}

export default { render };
