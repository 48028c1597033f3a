"""What a learner does with each kind of explorer, once for all tests: move, mistype, run for real."""

import hashlib
import re
from dataclasses import dataclass

from playwright.sync_api import Locator, expect

expect.set_options(timeout=30_000)
RUN_MS = 120_000
SMALL_STEPS = 5  # one alone may be finer than a pixel of the figure
CALL = re.compile(r"\bexplore_\w+\(")


@dataclass
class OnPage:
    """An explorer as it stands on the page.

    Attributes:
        root: its outermost element.
    """

    root: Locator

    @property
    def title(self) -> str:
        return self.root.get_attribute("aria-label") or ""

    def picture(self) -> str:
        """A digest of what is drawn: two pictures differ when these do."""
        raise NotImplementedError

    def changes(self, act) -> bool:
        """Act, wait until the kernel has answered, and say whether the picture changed."""
        before = self.picture()
        act()
        self.settle()
        return self.picture() != before

    def settle(self) -> None:
        expect(self.root).not_to_have_attribute("aria-busy", "true")

    def reset(self) -> None:
        """Bring it back to how it was."""

    def move_by_keyboard(self) -> bool:
        raise NotImplementedError

    def move_by_mouse(self) -> bool:
        raise NotImplementedError

    def mistype(self) -> None:
        """Type what is wrong, see it said in place, and mend it."""

    def run_for_real(self) -> str | None:
        """Press Run for real and return what is said at the end; None when there is no such button."""
        return None


class KnobsOnPage(OnPage):
    """The one explorer of all themes: knobs on the left, a figure on the right."""

    def picture(self):
        return self.root.locator("img.er-figure").evaluate(
            """async (image) => {
              await image.decode();
              const bytes = await (await fetch(image.src)).arrayBuffer();
              let sum = 0;
              for (const byte of new Uint8Array(bytes)) sum = (sum * 31 + byte) >>> 0;
              return `${bytes.byteLength}-${sum}`;
            }"""
        )

    def reset(self):
        self.root.get_by_role("button", name="Reset", exact=True).click()
        self.settle()

    def move_by_keyboard(self):
        moved = False
        for control in self._knobs():
            moved |= self.changes(lambda c=control: self._press(c))
            expect(self.root).not_to_contain_text("The explorer failed")
            self.reset()
        return moved

    def _knobs(self):
        return self.root.locator("input[type=range], select, input[type=checkbox]").all()

    def _press(self, control):
        control.focus()
        kind = control.get_attribute("type") or "select"
        if kind == "checkbox":
            control.press("Space")
            return
        last = control.evaluate(
            "c => c.type === 'range' ? Number(c.value) >= Number(c.max) : c.selectedIndex + 1 >= c.length"
        )
        forward, back = ("ArrowRight", "ArrowLeft") if kind == "range" else ("ArrowDown", "ArrowUp")
        for _ in range(SMALL_STEPS if kind == "range" else 1):
            control.press(back if last else forward)

    def move_by_mouse(self):
        moved = False
        for slider in self.root.locator("input[type=range]").all():
            moved |= self.changes(lambda s=slider: self._drag(s))
            self.reset()
        for box in self.root.locator("input[type=checkbox]").all():
            moved |= self.changes(box.click)
            self.reset()
        for preset in self.root.locator(".er-presets button").all():
            moved |= self.changes(preset.click)
            assert not self.root.locator(".er-controls > .er-error").inner_text()
        self.reset()
        return moved

    def _drag(self, slider):
        slider.scroll_into_view_if_needed()
        box, mouse = slider.bounding_box(), slider.page.mouse
        at = slider.evaluate("s => (s.value - s.min) / (s.max - s.min)")
        middle = box["y"] + box["height"] / 2
        mouse.move(box["x"] + 8 + (box["width"] - 16) * at, middle)
        mouse.down()
        mouse.move(box["x"] + box["width"] * (0.3 if at > 0.5 else 0.7), middle, steps=6)
        mouse.up()

    def mistype(self):
        for field in self.root.locator(".er-number input[type=text]").all():
            row = field.locator("xpath=ancestor::div[contains(@class, 'er-knob')]")
            label, before = row.locator("label").inner_text(), field.input_value()
            field.fill("lots")
            field.press("Enter")
            expect(row.get_by_role("alert")).to_contain_text(f"{label} is 'lots'; it must be")
            expect(field).to_have_attribute("aria-invalid", "true")
            field.fill(before)
            field.press("Enter")
            expect(row.get_by_role("alert")).to_be_empty()

    def run_for_real(self):
        run = self.root.locator(".er-run")
        if not run.count():
            return None
        before = self.picture()
        run.click()
        status = self.root.get_by_role("status")
        expect(status).not_to_be_empty()
        expect(run).to_be_enabled(timeout=RUN_MS)
        expect(self.root.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
        said = status.inner_text()
        assert said != "measured" or self.picture() != before, "measured, but the picture stayed the same"
        return said


class BenchOnPage(OnPage):
    """The design bench: templates, indexes and plans as text."""

    def picture(self):
        return hashlib.sha256(self.root.locator(".er-screen").inner_html().encode()).hexdigest()

    def _key(self):
        return self.root.locator("fieldset").first.locator("input[type=text]").first

    def move_by_keyboard(self):
        key = self._key()
        key.focus()
        key.press("End")
        changed = self.changes(lambda: key.press("#"))
        assert self.changes(lambda: key.press("Backspace"))
        return changed

    def move_by_mouse(self):
        box = self.root.get_by_label("compare with ten times the data")
        changed = self.changes(box.click)
        self.changes(box.click)
        return changed

    def mistype(self):
        key = self._key()
        before = key.input_value()
        key.fill("ORDER#{nope}")
        expect(self.root.get_by_role("alert")).to_contain_text("names 'nope'")
        key.fill(before)
        expect(self.root.get_by_role("alert")).to_be_empty()

    def run_for_real(self):
        run = self.root.get_by_role("button", name="Run for real")
        run.click()
        said = self.root.locator(".er-bar [role=status]")
        expect(said).not_to_be_empty()
        expect(run).to_be_enabled(timeout=RUN_MS)
        return said.inner_text()


class TimelineOnPage(OnPage):
    """The trace viewer."""

    @property
    def title(self):
        return "Trace viewer"

    def picture(self):
        pixels = self.root.locator("canvas.time").evaluate("c => c.toDataURL()")
        return hashlib.sha256(pixels.encode()).hexdigest()

    def changes(self, act):
        canvas = self.root.locator("canvas.time")
        expect(canvas).to_have_attribute("data-frames", re.compile(r"\d+"))
        before, said = self.picture(), canvas.get_attribute("aria-label")
        act()
        expect(canvas).not_to_have_attribute("aria-label", said)
        return self.picture() != before

    def move_by_keyboard(self):
        canvas = self.root.locator("canvas.time")
        canvas.focus()
        return self.changes(lambda: canvas.press("+")) and self.changes(lambda: canvas.press("ArrowRight"))

    def move_by_mouse(self):
        canvas, mouse = self.root.locator("canvas.time"), self.root.page.mouse
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        across = box["y"] + min(60, box["height"] / 2)

        def drag():
            mouse.move(box["x"] + box["width"] * 0.7, across)
            mouse.down()
            mouse.move(box["x"] + box["width"] * 0.5, across, steps=5)
            mouse.up()

        return self.changes(drag) and self.changes(
            self.root.get_by_role("button", name="show the whole").click
        )

    def mistype(self):
        search = self.root.get_by_role("searchbox")
        search.fill("no such function")
        expect(self.root.locator(".told")).to_have_text("0 intervals match.")
        search.fill("")
        expect(self.root.locator(".told")).to_be_empty()


class SchedulerOnPage(OnPage):
    """The puzzle in which the learner is the scheduler."""

    @property
    def title(self):
        return "Be the scheduler"

    def picture(self):
        return self.root.inner_text()

    def changes(self, act):
        before = self.picture()
        act()
        self.root.page.wait_for_function(
            "([root, before]) => root.innerText !== before", arg=[self.root.element_handle(), before]
        )
        return True

    def move_by_keyboard(self):
        step = self.root.get_by_role("button", name="next step").first
        step.focus()
        return self.changes(lambda: step.press("Enter"))

    def move_by_mouse(self):
        undo, count = (self.root.get_by_role("button", name=name) for name in ("Undo", "Try all schedules"))
        return self.changes(undo.click) and self.changes(count.click)


KINDS = {
    ".er-explorer": KnobsOnPage,
    ".er-bench": BenchOnPage,
    ".trace-viewer": TimelineOnPage,
    ".widget-vbox:not(.widget-vbox .widget-vbox)": SchedulerOnPage,
}
ANY = ", ".join(KINDS)


def explorers_of(lab) -> list[OnPage]:
    """Find every explorer on the page, in order; each call of explore_…() must have brought one.

    Raises:
        AssertionError: naming the cell whose explorer didn't appear.
    """
    found: list[OnPage] = []
    for number, cell in enumerate(lab.cells()):
        output = lab.page.locator(f"[data-windowed-list-index='{number}'] .jp-Cell-outputWrapper")
        if cell["type"] == "code" and CALL.search(cell["source"]):
            expect(output.locator(ANY).first, f"cell {number} shows no explorer").to_be_visible(
                timeout=60_000
            )
        for selector, kind in KINDS.items() if cell["type"] == "code" else ():
            found += [kind(root) for root in output.locator(selector).all()]
    for explorer in found:
        expect(explorer.root).to_be_visible()
    return found
