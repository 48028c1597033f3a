// Mouse, touch, wheel and keyboard, turned into what a timeline can do.

const JITTER = { touch: 8, pen: 5, mouse: 2 }; // pixels that a press may wander and still be a tap

class Gestures {
  constructor(canvas, timeline) {
    this.canvas = canvas;
    this.timeline = timeline;
    this.pointers = new Map();
    const on = (name, handler) => canvas.addEventListener(name, (event) => handler.call(this, event), { passive: false });
    on("wheel", this.wheel);
    on("pointerdown", this.down);
    on("pointermove", this.move);
    on("pointerup", this.up);
    on("pointercancel", this.cancel);
    on("keydown", this.key);
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  wheel(event) {
    const timeline = this.timeline;
    if (event.ctrlKey || event.metaKey) timeline.zoom(2 ** (event.deltaY / 200), timeline.timeAt(this.place(event).x));
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) timeline.pan((event.deltaX || event.deltaY) / 1000);
    else if (document.activeElement === this.canvas && timeline.overflows()) timeline.scroll(Math.sign(event.deltaY) * 2);
    else return; // the page scrolls
    event.preventDefault();
  }

  down(event) {
    const here = this.place(event), timeline = this.timeline;
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, here);
    this.started = here;
    this.moved = this.pointers.size > 1;
    this.dragging = !this.moved && (timeline.measuring || event.shiftKey);
    if (this.dragging) timeline.beginMeasure(timeline.timeAt(here.x));
  }

  move(event) {
    const here = this.place(event), before = this.pointers.get(event.pointerId), timeline = this.timeline;
    if (!before) return timeline.hover(here);
    const wandered = Math.hypot(here.x - this.started.x, here.y - this.started.y);
    this.moved ||= wandered > (JITTER[event.pointerType] ?? 2);
    if (!this.moved) return;
    this.pointers.set(event.pointerId, here);
    if (this.pointers.size === 2) return this.pinch(event.pointerId, before, here);
    if (this.dragging) return timeline.measureTo(timeline.timeAt(here.x));
    timeline.pan((before.x - here.x) / timeline.width);
    this.drift = (this.drift ?? 0) + (before.y - here.y) / LANE;
    timeline.scroll(Math.trunc(this.drift));
    this.drift -= Math.trunc(this.drift);
  }

  pinch(id, before, here) {
    const [, other] = [...this.pointers].find(([key]) => key !== id);
    const apart = (place) => Math.max(Math.hypot(place.x - other.x, place.y - other.y), 10);
    const timeline = this.timeline;
    timeline.zoom(apart(before) / apart(here), timeline.timeAt((here.x + other.x) / 2));
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.dragging) this.timeline.endMeasure();
    else if (!this.moved) this.timeline.hover(this.place(event));
    this.dragging = false;
  }

  cancel(event) {
    this.pointers.delete(event.pointerId);
    if (this.dragging) this.timeline.dropMeasure();
    this.dragging = false;
  }

  key(event) {
    const timeline = this.timeline, step = (timeline.view.end - timeline.view.begin) / 50;
    const actions = {
      ArrowLeft: () => (event.shiftKey ? timeline.moveCursor(0, -step) : timeline.pan(-0.1)),
      ArrowRight: () => (event.shiftKey ? timeline.moveCursor(0, step) : timeline.pan(0.1)),
      ArrowUp: () => timeline.moveCursor(-1, 0),
      ArrowDown: () => timeline.moveCursor(1, 0),
      PageUp: () => timeline.scroll(-timeline.lanesInSight()),
      PageDown: () => timeline.scroll(timeline.lanesInSight()),
      "+": () => timeline.zoom(0.5, timeline.cursor.time),
      "=": () => timeline.zoom(0.5, timeline.cursor.time),
      "-": () => timeline.zoom(2, timeline.cursor.time),
      Home: () => timeline.fit(),
      Enter: () => timeline.inquire(),
      f: () => timeline.inquireLane(timeline.cursor.lane),
      m: () => timeline.mark(),
      "/": () => timeline.controls.search.focus(),
      Escape: () => timeline.dropMeasure(),
    };
    const action = actions[event.key] ?? actions[event.key.toLowerCase()];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  }
}
