"""What the parts of a trace share: they print, show in a notebook, and are saved."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklstm.inspection._render_html import frame, render_page

PARTS = ("flow", "training", "predictions")


class TracePart:
    """Something a trace shows: data, which pure functions write as text or as a page.

    A part says what it has for the page (``_page_data``) and which tab of the page it
    is (``_tab``).
    """

    _tab: str

    def _page_data(self) -> dict[str, Any]:
        """Return numbers and strings for the page."""
        raise NotImplementedError

    def _page(self) -> str:
        return render_page(page_data(type(self).__name__, {self._tab: self}))

    def save(self, path):
        """Save the trace as one HTML file that needs no network.

        Parameters
        ----------
        path : str or path
            Where to write; a file that is there is replaced.

        Returns
        -------
        Path
            Of the file.
        """
        return write_page(path, self._page())

    def _repr_html_(self):
        return frame(self._page())

    def __repr__(self):
        name = type(self).__name__
        return f"<{name}: print it, or save it as a page with .save('trace.html')>"


def page_data(
    title: str,
    parts: Mapping[str, TracePart | None],
    *,
    subtitle: str = "",
    insight: str = "",
    quiz: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:
    """Return what ``render_page`` expects, from parts by the name of their tab."""
    found = {name: parts.get(name) for name in PARTS}
    return {
        "title": title,
        "subtitle": subtitle,
        **{
            name: None if part is None else part._page_data()
            for name, part in found.items()
        },
        "quiz": list(quiz),
        "insight": insight,
    }


def write_page(path: Any, page: str) -> Path:
    """Write a page to a file."""
    target = Path(path)
    target.write_text(page, encoding="utf-8")
    return target
