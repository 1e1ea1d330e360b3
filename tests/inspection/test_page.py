"""The page of a trace, in a real browser."""

import base64
import copy
import re

import numpy as np
import pytest

from sklstm.inspection._render_html import frame, render_page
from tests.inspection import page_data as samples
from tests.inspection.browser import Page, start_chromium
from tests.inspection.page_data import MARKUP, only

MINUS, MISSING = chr(0x2212), chr(0x2013)  # as the page writes them
RTL = "הסרט הזה מצוין"


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    browser = start_chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def page(driver, tmp_path):
    """A page; what it logged, and what it loaded, is looked at in the end."""
    driver.get_log("browser")
    page = Page(driver, tmp_path)
    yield page
    assert driver.get_log("browser") == []
    assert page.js("return performance.getEntriesByType('resource').length") == 0


@pytest.fixture(scope="module")
def data():
    return samples.make_page_data()


def only_reading(title, steps, **more):
    reading = samples.make_reading(title, steps, **more)
    return only(predictions={"note": "", "readings": [reading]}), reading


def read(text):
    """The number that a text of the page shows."""
    return float(text.replace(MINUS, "-").replace(",", ""))


def test_page_in_a_frame(page, data):
    page.open(only())
    page.js("document.body.innerHTML = arguments[0]", frame(render_page(data)))
    inside = page.one("iframe")
    page.driver.switch_to.frame(inside)
    page.wait(lambda: page.all("[role=tab]"))
    assert page.one("[role=tab]").text == "Data flow"
    page.tab("Prediction")
    assert page.text(".where").startswith("Step 6 of 6")
    page.driver.switch_to.default_content()


def test_policy_forbids_to_load(driver, tmp_path):
    page = Page(driver, tmp_path).open(only())
    driver.set_script_timeout(10)
    blocked = driver.execute_async_script(
        "const done = arguments[0];"
        "document.addEventListener('securitypolicyviolation',"
        " (event) => done(event.effectiveDirective));"
        "new Image().src = 'https://example.invalid/a.png';"
    )
    assert blocked == "img-src"
    driver.get_log("browser")  # of that refusal
    assert page.text("h1") == "T"


def test_tabs_by_click_and_by_keys(page, data):
    page.open(data)
    tabs = page.all("[role=tab]")
    assert [tab.text for tab in tabs] == ["Data flow", "Training", "Prediction"]

    def shown():
        chosen = [t.text for t in tabs if t.get_attribute("aria-selected") == "true"]
        panels = [p for p in page.all("[role=tabpanel]") if p.is_displayed()]
        assert len(panels) == len(chosen) == 1
        assert panels[0].get_attribute("aria-labelledby").startswith("tab-")
        return chosen[0]

    assert shown() == "Data flow"
    tabs[1].click()
    assert shown() == "Training"
    page.press("\ue014")  # right
    assert shown() == "Prediction"
    page.press("\ue014")
    assert shown() == "Data flow"
    page.press("\ue012")  # left
    assert shown() == "Prediction"
    assert page.driver.switch_to.active_element.text == "Prediction"


def test_one_part_has_no_tabs(page, data):
    page.open(only(training=data["training"]))
    assert page.all("[role=tab]") == []
    assert page.text("h2") == "Training"


def test_flow(page, data):
    page.open(only(flow=data["flow"]))
    stages = page.all(".stage")
    follows = [stage.get_attribute("data-next") for stage in stages]
    assert follows == ["flow", "flow", "inside", "flow", None]
    pair = page.one(".stage .pair").text.split()
    assert pair == ["not", "6"]
    for said in "1,000 of 5,000 rows", "29,696 parameters", "Warning: 12 documents":
        assert said in page.text()


def test_branches_get_no_arrow(page, data):
    first, second = copy.deepcopy(data["flow"]["stages"][:2])
    second["input"] = first["input"]
    page.open(only(flow={**data["flow"], "stages": [first, second]}))
    assert page.one(".stage").get_attribute("data-next") == "beside"


def test_training(page, data):
    page.open(only(training=data["training"]))
    run = data["training"]["runs"][0]
    cells = [cell.text for cell in page.all(".run tbody tr:nth-child(2) td")]
    row = run["rows"][1]
    names = "train_loss", "valid_loss", "train_accuracy", "valid_accuracy"
    assert cells == [*(f"{row[name]:.3f}" for name in names), row["observation"]]
    assert page.text("tr.best th").split() == ["★", "best", "5"]
    assert len(page.all("path.line")) == 4
    assert len(page.all("path.line.dash")) == 2
    page.js("document.querySelector('.drawing').focus()")
    page.press("\ue014", "\ue014")
    tip = page.text(".tip")
    assert "epoch 2" in tip
    assert f"{row['train_loss']:.3f}" in tip
    assert f"{row['valid_loss']:.3f}" in tip


def test_points_stand_where_the_axis_says(page, data):
    page.open(only(training=data["training"]))
    place = "return [...document.querySelector('svg').querySelectorAll(arguments[0])]"
    dots = page.js(
        f"{place}.map((dot) => [dot.cx.baseVal.value, dot.cy.baseVal.value])",
        "circle.dot:not(.dash)",
    )
    ticks = page.js(
        f"{place}.map((t) => [t.textContent, t.y.baseVal[0].value - 4])",
        ".tick[text-anchor=end]",
    )
    slope, start = np.polyfit([y for _, y in ticks], [read(t) for t, _ in ticks], 1)
    losses = [row["train_loss"] for row in data["training"]["runs"][0]["rows"]]
    np.testing.assert_allclose([slope * y + start for _, y in dots], losses, atol=1e-3)
    assert np.ptp(np.diff([x for x, _ in dots])) < 0.2


def test_several_runs(page):
    runs = [samples.make_run(f"fold {i}", 3 + i, i) for i in range(1, 4)]
    page.open(only(training={"note": "", "unit": "epoch", "runs": runs}))
    assert len(page.all(".run tbody tr")) == 4
    page.all(".runs button")[2].click()
    assert len(page.all(".run tbody tr")) == 6
    assert page.text("caption") == "fold 3: 800 training rows"
    assert len(page.all("figure:first-child path.faint")) == 4


def test_slider_moves_everything(page, data):
    page.open(data).tab("Prediction")
    reading = data["predictions"]["readings"][0]
    signals = reading["layers"][0]["signals"]
    page.one("details.numbers summary").click()
    slider = page.one("input[type=range]")
    slider.send_keys("\ue011")  # home
    for step, label in enumerate(["not", "a", "bad"]):
        assert page.text(".where") == f"Step {step + 1} of 6 {label}"
        shown = [read(node.text) for node in page.all(".now-bars .value")]
        np.testing.assert_allclose(shown, reading["reading"][step], atol=5e-4)
        cells = page.js(
            "return [...document.querySelectorAll('.numbers tbody td:last-child')]"
            ".map((cell) => cell.textContent)"
        )
        hidden = signals["hidden state"][step]
        np.testing.assert_allclose([read(c) for c in cells], hidden, atol=5e-4)
        assert page.text(".word.now .token") == label
        assert f"step {step + 1} of 6" in slider.get_attribute("aria-valuetext")
        slider.send_keys("\ue014")


def test_colours_show_the_sign(page, data):
    page.open(data).tab("Prediction")
    hidden = data["predictions"]["readings"][0]["layers"][0]["signals"]["hidden state"]
    pixels = page.js(
        "const map = document.querySelector('.plane canvas');"
        "const all = map.getContext('2d').getImageData(0, 0, map.width, map.height);"
        "return [map.width, map.height, [...all.data]]"
    )
    assert pixels[:2] == [6, 64]
    red, blue = np.reshape(pixels[2], (64, 6, 4)).transpose(2, 1, 0)[[0, 2]]
    clear = np.abs(hidden) > 0.1
    assert ((blue > red) == (hidden > 0))[clear].all()
    words = [node.text.split()[-1] for node in page.all("button.word")]
    values = data["predictions"]["readings"][0]["contributions"][0]["values"]
    np.testing.assert_allclose([read(word) for word in words], values, atol=5e-3)
    signs = ["minus" in node.get_attribute("class") for node in page.all(".word")]
    assert signs == list(values < 0)


def test_choices(page, data):
    page.open(data).tab("Prediction")
    page.all(".choices label")[1].click()
    values = data["predictions"]["readings"][0]["contributions"][1]["values"]
    words = [read(node.text.split()[-1]) for node in page.all("button.word")]
    np.testing.assert_allclose(words, values, atol=5e-3)
    page.one("button.word").click()
    assert page.text(".where") == "Step 1 of 6 not"
    page.one(".maphead option").click()
    label = page.one(".plane canvas").get_attribute("aria-label")
    assert label.startswith("input gate")


@pytest.mark.parametrize(
    ("example", "said"),
    [
        (1, "✗ wrong, true pos"),
        (3, "There is no step that the model could read."),
        (4, "Most probable after be"),
        (5, "channel 2"),
    ],
)
def test_examples(page, data, example, said):
    page.open(data).tab("Prediction")
    page.all(".example")[example].click()
    assert said in page.text(".view").replace("\n", " ")


def test_words_left_out_have_no_numbers(page, data):
    page.open(data).tab("Prediction")
    page.all(".example")[1].click()
    left_out = page.all('.word[data-mark="cut"]')
    assert [node.text for node in left_out] == "I had heard a lot about".split()
    assert page.text(".where").startswith("Step 77 of 77")
    assert page.all('.word[data-mark="unknown"]')[0].text.startswith("🎬")


def test_markup_shows_as_text(page, data):
    nasty = copy.deepcopy(data)
    nasty |= {"title": MARKUP, "subtitle": MARKUP, "insight": MARKUP}
    nasty["quiz"] = [{"question": MARKUP, "answer": MARKUP}]
    stage = nasty["flow"]["stages"][0]
    stage |= {"name": MARKUP, "summary": MARKUP}
    stage["input"]["rows"] = [MARKUP]
    stage["output"] |= {"rows": ["1 2"], "words": [MARKUP]}
    nasty["flow"]["facts"] = [[MARKUP, MARKUP]]
    nasty["training"]["runs"][0]["rows"][0]["observation"] = MARKUP
    steps = [{"label": MARKUP, "id": 1, "mark": "", "values": None}]
    outputs = [MARKUP, "pos"]
    nasty["predictions"]["readings"] = [
        samples.make_reading(MARKUP, steps, outputs=outputs)
    ]
    page.open(nasty)
    for name in "Data flow", "Training", "Prediction":
        page.tab(name)
        assert page.text("[role=tabpanel]:not([hidden])").count(MARKUP) >= 1, name
    page.one(".quiz summary").click()
    assert page.text(".quiz").count(MARKUP) == 2
    assert page.text("h1") == MARKUP
    assert len(page.all("script")) == 2
    assert page.all("b > b") == []


def test_right_to_left(page):
    shown, _ = only_reading(RTL, samples.words_of(RTL))
    page.open(shown)
    lefts = [word.location["x"] for word in page.all(".word")]
    assert lefts == sorted(lefts, reverse=True)
    assert page.text(".where").endswith(RTL.split()[-1])


def test_nothing_to_show(page):
    flow = {"note": "", "n_rows": 0, "n_total": 0, "stages": [], "facts": []}
    page.open(
        only(
            flow={**flow, "warnings": []},
            training={"note": "", "unit": "epoch", "runs": []},
            predictions={"note": "", "readings": []},
        )
    )
    assert "There is no stage to show." in page.text()
    assert "No training was recorded." in page.tab("Training").text()
    assert "No example was traced." in page.tab("Prediction").text()


def test_missing_numbers(page, data):
    holed = copy.deepcopy(data)
    holed["training"]["runs"][0]["rows"][2]["valid_loss"] = np.nan
    reading = holed["predictions"]["readings"][0]
    reading["reading"][2] = np.nan
    reading["gradient"][2] = np.inf
    reading["layers"][0]["signals"]["hidden state"][2] = np.nan
    reading["contributions"][0]["values"][2] = np.nan
    page.open(holed).tab("Training")
    assert page.text(".run tbody tr:nth-child(3) td:nth-child(3)") == MISSING
    paths = page.js(
        "return [...document.querySelectorAll('figure:first-child path')]"
        ".map((path) => path.getAttribute('d').split('M').length - 1)"
    )
    assert sorted(paths) == [1, 2]  # the line is broken where a value is missing
    page.tab("Prediction").all("button.word")[2].click()
    assert [node.text for node in page.all(".now-bars .value")] == [MISSING, MISSING]
    assert page.text(".word.now .amount") == MISSING


@pytest.mark.parametrize("width", [360, 1280])
def test_wide_data_fit(page, data, width):
    many = " ".join(map(str, range(200)))
    wide = copy.deepcopy(data)
    wide["flow"]["stages"][0]["output"] |= {"rows": [many, "x" * 500], "words": []}
    wide["flow"]["stages"][1]["output"] |= {"rows": [many], "words": [many]}
    outputs = [f"class {i}" for i in range(200)]
    series = samples.make_series(300, channels=200)
    text = samples.make_reading("x" * 300, samples.words_of(many), outputs=outputs)
    wide["predictions"]["readings"] = [text, series]
    page.open(wide, width=width)
    assert page.overflow() == 0
    assert len(page.all(".stage:nth-child(2) .values:last-child .pair")) == 200
    assert page.tab("Training").overflow() == 0
    assert page.tab("Prediction").overflow() == 0
    assert "The largest of 200 outputs." in page.text()
    page.all(".example")[1].click()
    assert page.overflow() == 0
    assert "The first 5 of 200 channels." in page.text()


def test_theme(page, data):
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    page.open(data, scheme="dark")
    dark = page.js(ground)
    page.one(".theme").click()
    light = page.js(ground)
    assert sum(map(int, re.findall(r"\d+", dark))) < 150
    assert sum(map(int, re.findall(r"\d+", light))) > 600
    page.open(data)
    assert page.js(ground) == light
    page.emulate("dark")
    page.wait(lambda: page.js(ground) == dark)


def test_focus_is_seen(page, data):
    page.open(data)
    page.press("\ue004", "\ue004")  # tab: the theme, then the tabs
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert page.driver.switch_to.active_element.get_attribute("role") == "tab"
    assert page.js(outline) == "solid"


def test_print_holds_all_parts(page, data):
    page.open(data, scheme="dark", media="print")
    assert all(panel.is_displayed() for panel in page.all(".panel"))
    answers = "return [...document.querySelectorAll('.quiz details p')]"
    heights = page.js(f"{answers}.map((p) => p.getBoundingClientRect().height)")
    assert min(heights) > 10
    ink = page.js("return getComputedStyle(document.body).color")
    assert sum(map(int, re.findall(r"\d+", ink))) < 150  # dark on white
    page.emulate("dark")
    made = page.command(
        "Page.printToPDF", generateDocumentOutline=True, preferCSSPageSize=True
    )
    pdf = base64.b64decode(made["data"])
    assert pdf.startswith(b"%PDF")
    titles = b" ".join(re.findall(rb"/Title \((.*?)\)", pdf))
    for title in b"Data flow", b"Training", b"Prediction", b"Key insight", b"Questions":
        assert title in titles
    theme = "return document.documentElement.dataset.theme"
    page.wait(lambda: page.js(theme) == "dark")
