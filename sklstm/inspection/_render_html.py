"""A trace as one HTML file: page.html with its style, scripts and data inside."""

import html
import json
import math
import re
from importlib import resources

import numpy as np

# In this order one script: each file uses functions of those before it
SCRIPTS = ("charts.js", "reading.js", "page.js")

# What must not stand in a script element as it is; U+2028, U+2029 and everything else
# outside ASCII is escaped by json
ESCAPES = str.maketrans({"<": r"\u003c", ">": r"\u003e", "&": r"\u0026"})


def render_page(data: dict) -> str:
    """Write a trace as one HTML page that needs nothing from outside.

    Style, scripts and data stand in the page, and its content security policy forbids
    to load anything. Texts of the data are shown as text, whatever markup they hold.

    Parameters
    ----------
    data : dict
        What the page shows: "title" and "subtitle" (str), "flow", "training" and
        "predictions" (each a dict or None), "quiz" (list of dict with "question" and
        "answer") and "insight" (str). Arrays and scalars of NumPy are welcome. A
        number that is NaN or infinite is shown as missing; others keep nine digits,
        enough to tell any two of float32 apart.

    Returns
    -------
    page : str
        The page, to be written as UTF-8.

    Raises
    ------
    TypeError
        If the data hold something that JSON has no word for.

    Examples
    --------
    >>> from sklstm.inspection._render_html import render_page
    >>> data = {"title": "A <first> look", "subtitle": "", "flow": None}
    >>> data |= {"training": None, "predictions": None, "quiz": [], "insight": ""}
    >>> page = render_page(data)
    >>> page.startswith("<!doctype html>")
    True
    >>> "<title>A &lt;first&gt; look</title>" in page
    True
    """
    parts = {
        "title": _ascii(html.escape(data["title"])),
        "style": _read("page.css"),
        "script": "\n".join(map(_read, SCRIPTS)),
        "data": json.dumps(
            _plain(data), allow_nan=False, separators=(",", ":")
        ).translate(ESCAPES),
    }
    # One pass, so that a placeholder in the data stays what it is
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _read("page.html"))


def frame(page: str, height: int = 620) -> str:
    """Put a page into a frame of a notebook.

    The page runs its scripts in the frame and can reach nothing of the notebook.

    Parameters
    ----------
    page : str
        An HTML page, as :func:`render_page` writes it.
    height : int, default=620
        Height of the frame in pixels; the page scrolls inside.

    Returns
    -------
    frame : str
        An ``iframe`` element.

    Examples
    --------
    >>> from sklstm.inspection._render_html import frame
    >>> print(frame("<p>Hello</p>", height=100))
    <iframe title="Trace" sandbox="allow-scripts"
        style="width: 100%; height: 100px; border: 0"
        srcdoc="&lt;p&gt;Hello&lt;/p&gt;"></iframe>
    """
    return (
        '<iframe title="Trace" sandbox="allow-scripts" '
        f'style="width: 100%; height: {height:d}px; border: 0" '
        f'srcdoc="{html.escape(page)}"></iframe>'
    )


def _read(name: str) -> str:
    return resources.files("sklstm.inspection").joinpath(name).read_text("utf-8")


def _ascii(text: str) -> str:
    """Write characters outside ASCII by number, half a surrogate pair too."""
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _plain(value):
    """Return what JSON can say: plain lists and numbers, None for NaN and infinity."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.9g}") if math.isfinite(value) else None
    return value
