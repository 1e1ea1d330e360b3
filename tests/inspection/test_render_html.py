"""The page of a trace, as it is written."""

import html
import json
import re

import numpy as np
import pytest

from sklstm.inspection._render_html import SCRIPTS, _read, frame, render_page
from tests.inspection.page_data import MARKUP, only

SEPARATORS = chr(0x2028) + chr(0x2029)  # ends of a line, to JavaScript of old


def data_in(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])


def test_data_come_through():
    given = only(insight=MARKUP + SEPARATORS + "\ud800", quiz=[])
    page = render_page({**given, "title": "<b>&é"})
    assert data_in(page)["insight"] == given["insight"]
    assert "<title>&lt;b&gt;&amp;&#233;</title>" in page
    assert page.count("<script") == page.count("</script>") == 2
    page.encode("utf-8")


def test_numbers():
    numbers = [np.nan, np.inf, np.float32(0.1), np.arange(2), 1 / 3, None, True]
    shown = data_in(render_page(only(extra=numbers)))["extra"]
    assert shown == [None, None, 0.100000001, [0, 1], 0.333333333, None, True]
    with pytest.raises(TypeError, match="not JSON serializable"):
        render_page(only(extra=object()))


def test_placeholders_in_data_stay():
    assert data_in(render_page(only(insight="{{style}}")))["insight"] == "{{style}}"


def test_nothing_refers_outside():
    page = render_page(only())
    assert re.findall(r"https?://[^\"]*", page) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@import|url\(|\bsrc=|fetch\(|innerHTML", page)
    assert not any("</" in _read(name) for name in SCRIPTS)


def test_frame_holds_the_page():
    page = render_page(only(insight='"quoted" & <b>'))
    made = frame(page, height=300)
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', made)[1]) == page
    assert 'sandbox="allow-scripts"' in made
    assert "height: 300px" in made
