// An explorer without a kernel: one slider goes through pictures that were drawn when the site was built.
for (const sweep of document.querySelectorAll(".er-sweep")) {
  const slider = sweep.querySelector("input");
  const frames = JSON.parse(sweep.querySelector("script").textContent);
  const show = () => {
    const frame = frames[slider.valueAsNumber];
    sweep.querySelector("output").textContent = frame.value;
    sweep.querySelector(".er-summary").textContent = frame.summary;
    slider.setAttribute("aria-valuetext", frame.value);
    Object.assign(sweep.querySelector("img"), { src: frame.src, alt: frame.alt });
  };
  slider.addEventListener("input", show);
  // fetched once the reader shows interest, so that a page stays small
  slider.addEventListener("pointerenter", () => frames.forEach((frame) => (new Image().src = frame.src)), { once: true });
  show();
}
