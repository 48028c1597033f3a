// JupyterLab would take keys that a control is focused for (arrows, space, letters) as its own shortcuts.
const CONTROLS = new Set(["button", "input", "select", "textarea", "canvas"]);

// Make a node: attributes by name, event listeners as `onclick` and the like; false and undefined set nothing.
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  if (CONTROLS.has(tag)) node.dataset.lmSuppressShortcuts = "true";
  node.append(...children);
  return node;
}
