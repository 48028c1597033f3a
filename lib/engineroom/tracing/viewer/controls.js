// The controls above the timeline, and the words below it.

const HELP = "Drag or ← → to pan; pinch, Ctrl+wheel or + − to zoom; ↑ ↓ to choose a lane, Shift+← → to move the cursor; "
  + "F tells a lane's family, M measures, Home shows everything, / searches.";

class Controls {
  constructor(root) {
    this.layout = make("select", { onchange: () => this.timeline.rearrange({ layout: this.layout.value }) });
    this.search = make("input", { type: "search", placeholder: "function, state, reason, task …", size: 26,
      "aria-label": "search by function, state, reason, task or place in the code" });
    this.search.oninput = () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.timeline.rearrange({ search: this.search.value }), 250);
    };
    this.system = make("input", { type: "checkbox" });
    this.system.onchange = () => this.timeline.rearrange({ system: this.system.checked });
    this.measure = this.button("Measure", "measure between two points (drag, or key M twice)", () => this.timeline.toggleMeasure());
    const bar = make("div", { class: "bar" },
      make("label", {}, "Lanes", this.layout), this.search,
      make("label", {}, this.system, "runtime's own"),
      this.button("−", "zoom out (key −)", () => this.timeline.zoom(2)),
      this.button("+", "zoom in (key +)", () => this.timeline.zoom(0.5)),
      this.button("Fit", "show the whole trace (key Home)", () => this.timeline.fit()), this.measure,
      this.button("PNG", "save the picture as PNG", () => this.timeline.savePicture()),
      this.button("JSON", "save the window for Chrome or Perfetto", () => this.timeline.exportWindow()));
    this.categories = make("div", { class: "bar", role: "group", "aria-label": "what the lanes show" });
    this.overlays = make("div", { class: "bar", role: "group", "aria-label": "what lies over the lanes" });
    this.canvas = make("canvas", { class: "time", tabindex: 0, role: "application", "aria-roledescription": "timeline" });
    this.told = make("p", { class: "told", "aria-live": "polite" });
    this.summary = make("p", { class: "summary", "aria-live": "polite" });
    const help = make("p", { class: "help" }, HELP);
    root.replaceChildren(bar, this.categories, this.overlays, this.canvas, this.told, this.summary, help);
    this.press(this.measure, false);
  }

  /** Say which timeline does what the controls ask for. */
  drive(timeline) { this.timeline = timeline; }

  button(text, label, action) {
    return make("button", { type: "button", title: label, "aria-label": label, onclick: action }, text);
  }

  press(button, pressed) { button.setAttribute("aria-pressed", String(pressed)); }

  /** Show what the kernel has arranged. */
  adopt(scene, shown) {
    this.layout.replaceChildren(...scene.layouts.map((name) => make("option", { value: name }, name)));
    this.layout.value = scene.layout;
    if (document.activeElement !== this.search) this.search.value = scene.search;
    this.system.checked = scene.system;
    this.legend = [];
    this.categories.replaceChildren(...scene.categories.map((name, i) => this.category(name, scene.looks[i], scene)));
    this.overlays.replaceChildren(...this.overlayButtons(scene, shown));
    this.summary.textContent = scene.summary;
    this.told.textContent = scene.search ? `${scene.matches.toLocaleString("en")} intervals match.` : "";
  }

  /** A button that hides a category or shows it again; it doubles as the legend. */
  category(name, look, scene) {
    const hidden = new Set(scene.hidden), drawn = swatch((c, w, h) => paintLook(c, look, w, h));
    const text = look.letter ? `${name} (${look.letter})` : name;
    return this.toggle(text, drawn, !hidden.has(name), () => {
      hidden.has(name) ? hidden.delete(name) : hidden.add(name);
      this.timeline.rearrange({ hidden: [...hidden] });
    });
  }

  overlayButtons(scene, shown) {
    const signs = [
      ...scene.phases.map((name) => [name, (c, w, h) => { c.fillStyle = PHASES[name].fill; c.fillRect(0, 0, w, h);
        c.fillStyle = PHASES[name].edge; c.font = `9px ${FONT}`; c.fillText(PHASES[name].sign, 1, 9); }]),
      ...scene.marks.map((name) => [name, (c, w) => { const { colour, texture } = MARKS[name];
        paintTexture(c, { colour: `rgb(${colour})`, texture: (x, y) => y >= 4 && texture(x) }, w, 4 + MARK_ROWS); }]),
      ...(scene.layout === "goroutines" ? [["wake-ups", (c, w, h) => paintArrow(c, w / 2, 0, h)]] : []),
    ];
    return signs.map(([name, draw]) => {
      const made = this.toggle(name, swatch(draw), shown.has(name), () => {
        shown.has(name) ? shown.delete(name) : shown.add(name);
        this.press(made, shown.has(name));
        this.timeline.overlaysChanged();
      });
      return made;
    });
  }

  toggle(text, drawn, pressed, action) {
    const made = make("button", { type: "button", class: "toggle", onclick: action }, drawn, text);
    this.press(made, pressed);
    if (pressed) this.legend.push([text, drawn]);
    return made;
  }

  /** Say that there are too many wake-ups to draw, or that there are not. */
  crowd(crowded) {
    const button = [...this.overlays.children].find((b) => b.textContent.startsWith("wake-ups"));
    if (button) button.lastChild.textContent = crowded ? "wake-ups (zoom in to see them)" : "wake-ups";
  }

  tell(found) {
    this.told.replaceChildren(make("strong", {}, found.title), found.lines.join("\n"));
  }
}

/** An arrow along x from a height to another. */
function paintArrow(c, x, from, to) {
  const down = to > from ? 1 : -1;
  c.strokeStyle = "rgba(31,41,51,.75)";
  c.lineWidth = 1;
  c.beginPath();
  c.moveTo(x, from);
  c.lineTo(x, to);
  c.moveTo(x - 3, to - 5 * down);
  c.lineTo(x, to);
  c.lineTo(x + 3, to - 5 * down);
  c.stroke();
}
