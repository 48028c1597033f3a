"""What axe, the Tab key and a ruler say about a part of a page."""

from playwright.sync_api import Locator, Page

CONTROLS = "input, select, textarea, button, [tabindex='0']"


def findings(page: Page, axe: str, where: str) -> list[str]:
    """Return axe's serious and critical findings within a selector, one line for each element."""
    page.evaluate(axe)
    return page.evaluate(
        """async (where) => {
          if (!document.querySelector(where)) return [];
          const { violations } = await axe.run({ include: [where] }, { resultTypes: ["violations"] });
          return violations
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .flatMap(({ id, nodes }) => nodes.map((n) => `${id}: ${n.target.join(" ")}: ${n.html.slice(0, 160)}`));
        }""",
        where,
    )


def unnamed(root: Locator) -> list[str]:
    """Return the controls that a screen reader would read out without a name."""
    return root.evaluate(
        """(root, controls) => [...root.querySelectorAll(controls)]
          .filter((c) => c.checkVisibility())
          .filter((c) => !(c.getAttribute("aria-label")
            || [...(c.labels ?? [])].map((label) => label.innerText).join(" ")
            || (c.tagName === "BUTTON" ? c.innerText : "")).trim())
          .map((c) => c.outerHTML.slice(0, 160))""",
        CONTROLS,
    )


def not_reached_by_tab(root: Locator) -> list[str]:
    """Press Tab from the first control to the last; return those that were never focused.

    In a group of radio buttons Tab reaches one, and the arrow keys the others.
    """
    count = root.evaluate(
        """(root, controls) => {
          const seen = (selector) => [...root.querySelectorAll(selector)].filter((c) => c.checkVisibility() && !c.disabled);
          const here = seen(controls);
          root.unfocused = new Set(here);
          root.addEventListener("focusin", ({ target }) => root.unfocused.forEach((c) => {
            if (c === target || (c.type === "radio" && c.name === target.name)) root.unfocused.delete(c);
          }));
          document.activeElement.blur();
          here[0]?.focus();
          return seen(`${controls}, a[href]`).length;
        }""",
        CONTROLS,
    )
    for _ in range(count):
        root.page.keyboard.press("Tab")
    return root.evaluate("root => [...root.unfocused].map((c) => c.outerHTML.slice(0, 160))")


def still_moving(root: Locator) -> list[str]:
    """Return what is animated within an element, or would be when it changes."""
    return root.evaluate(
        """(root) => [root, ...root.querySelectorAll("*")]
          .filter((e) => e.getAnimations().length
            || getComputedStyle(e).transitionDuration.split(", ").some((d) => parseFloat(d) > 0)
            || (e.matches("progress:not([value])") && getComputedStyle(e).appearance !== "none"))
          .map((e) => e.outerHTML.slice(0, 100))"""
    )


def cut_choices(page: Page) -> list[str]:
    """Return the drop-down lists that are too narrow for one of their choices, and by how much."""
    return page.locator(".jp-OutputArea-output select").evaluate_all(
        """(lists) => lists.flatMap((list) => {
          const { width } = list.style, shown = list.offsetWidth;
          list.style.width = "max-content";
          const wanted = list.offsetWidth;
          list.style.width = width;
          return wanted > shown ? [`${wanted - shown} px: ${list.innerText.slice(0, 120)}`] : [];
        })"""
    )


def cut_off(page: Page) -> list[str]:
    """Return the figures and explorers that reach beyond the output they stand in, and by how much.

    What can be scrolled to the side in a frame of its own is not cut off, if the frame itself fits.
    """
    return page.evaluate(
        """() => [...document.querySelectorAll(".jp-OutputArea-output")].flatMap((output) => {
          const right = output.getBoundingClientRect().left + output.clientWidth;
          const ours = "img, svg, canvas, .er-explorer, .er-bench, .trace-viewer, .Quiz";
          const frame = (e) => {
            for (let f = e.parentElement; f && f !== output; f = f.parentElement)
              if (getComputedStyle(f).overflowX === "auto") return f;
            return e;
          };
          return [...output.querySelectorAll(ours)]
            .map(frame)
            .filter((e) => e.getBoundingClientRect().right > right + 1)
            .map((e) => `${Math.round(e.getBoundingClientRect().right - right)} px: ${e.outerHTML.slice(0, 120)}`);
        })"""
    )
