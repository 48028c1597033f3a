"""A named list to choose from, which keeps its arrow keys in JupyterLab; those of ipywidgets do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anywidget
import traitlets

from engineroom.kit.front_end import front_end

__all__ = ["Choice"]


class Choice(anywidget.AnyWidget):
    """A list of texts, one of which is chosen.

    Attributes:
        value: the chosen text; one of `options`.
    """

    _esm = front_end(Path(__file__).parent / "choice.js")
    label = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, options: Sequence[str]):
        super().__init__(label=label, options=list(options), value=options[0])

    @traitlets.validate("value")
    def _one_of_the_options(self, proposal: traitlets.Bunch) -> str:
        if proposal.value not in self.options:
            raise traitlets.TraitError(f"{proposal.value!r} is not one of: {', '.join(self.options)}")
        return proposal.value
