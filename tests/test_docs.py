"""The pages of the site: links lead somewhere, and nothing public is left out."""

import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest

import sklstm

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
PAGES = sorted(DOCS.glob("*.md"))
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("*.md"))
READ_ALONE = [
    ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG", "SECURITY")
]
LINKED = [*READ_ALONE, *PAGES, *RESULTS]


def without_blocks(path):
    """Return a page of Markdown without its blocks of code."""
    text = path.read_text("utf-8")
    return re.sub(r"^(`{3,}).*?^\1 *$", "", text, flags=re.M | re.S)


def anchors(path):
    """Return the anchors of the headings of a page, as GitHub makes them."""
    found = []
    for heading in re.findall(r"^#{1,6} +(.+?) *$", without_blocks(path), re.M):
        words = re.sub(r"\[(.+?)\]\(.*?\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        again = sum(re.fullmatch(rf"{slug}(-\d+)?", one) is not None for one in found)
        found.append(f"{slug}-{again}" if again else slug)
    return found


def test_anchors_are_those_of_github(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# `a_b` and C++\n## [See](x.md) it: *now*\n```\n# no\n```\n## See it"
    )
    assert anchors(page) == ["a_b-and-c", "see-it-now", "see-it"]
    page.write_text("## Speed\n## Speed\n")
    assert anchors(page) == ["speed", "speed-1"]


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.name)
def test_local_links_lead_somewhere(page):
    text = re.sub(r"`[^`\n]*`", "code", without_blocks(page))
    for link in re.findall(r"\]\(<?([^)\s>]+)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        # What Git does not know is not there for a reader
        assert not {"_build", "gallery", "generated"} & set(Path(path).parts), link
        if anchor:
            assert target.suffix == ".md", link
            assert anchor in anchors(target), link


@pytest.fixture(scope="module")
def rewritten():
    """The links that have a page on the site, as patterns."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKLSTM_DATA", "")  # which conf.py sets
        links = runpy.run_path(str(DOCS / "conf.py"))["LINKS"]
    return [pattern for pattern, _ in links]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_out_of_the_folder_have_a_page_on_the_site(page, rewritten):
    for link in re.findall(r"\]\((\.\./[^)\s]+)", without_blocks(page)):
        assert any(re.fullmatch(pattern, link) for pattern in rewritten), link


def toctrees(path):
    """Return the entries of the toctrees of a page, of Markdown or RST."""
    text = path.read_text("utf-8")
    blocks = re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.M | re.S)
    blocks += re.findall(r"^\.\. toctree::\n((?: {3}.*\n|\n)+)", text, re.M)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(":")]


def test_every_page_is_in_the_table_of_contents():
    top, guide = toctrees(DOCS / "index.md"), toctrees(DOCS / "guide.md")
    assert set(top) == {"guide", "gallery/index", "api", "benchmarks"}
    assert len(guide) == len(set(guide))
    found = {page.stem for page in PAGES} - {"index", *top}
    assert found == set(guide)


def test_the_guide_says_what_each_page_is_about():
    linked = re.findall(
        r"^- \[.+?\]\((\w+)\.md\)", without_blocks(DOCS / "guide.md"), re.M
    )
    assert linked == toctrees(DOCS / "guide.md")


@pytest.mark.parametrize(
    "module", ["", ".text", ".vectors", ".datasets", ".inspection", ".cluster"]
)
def test_the_reference_has_every_public_name(module):
    api, current, listed = (DOCS / "api.rst").read_text("utf-8"), "", set()
    for line in api.splitlines():
        if found := re.match(r"\.\. currentmodule:: ([\w.]+)", line):
            current = found[1]
        elif found := re.match(r"\.\. py:data:: ([\w.]+)", line):
            listed.add(found[1])
        elif found := re.match(r" {3}(\w+)$", line):
            listed.add(f"{current}.{found[1]}")
    public = import_module(f"sklstm{module}").__all__
    # One page for each: where sklstm has the same name, it is that of sklstm
    ours = set(sklstm.__all__)
    homes = {name: "sklstm" if name in ours else f"sklstm{module}" for name in public}
    assert {f"{home}.{name}" for name, home in homes.items()} <= listed


def test_the_benchmarks_have_every_page_of_results():
    text = (DOCS / "benchmarks.md").read_text("utf-8")
    for page in RESULTS:
        anchor = page.stem.replace("_", "-")  # to which conf.py sends links to it
        assert anchor in anchors(DOCS / "benchmarks.md")
        assert f"{{include}} ../benchmarks/results/{page.name}\n" in text


def test_the_gallery_shows_every_example():
    text = (EXAMPLES / "index.rst").read_text("utf-8")
    shown = re.findall(r"^ {3}\.\./examples/(\w+)\.py$", text, re.M)
    assert shown == toctrees(EXAMPLES / "index.rst")
    assert sorted(shown) == sorted(path.stem for path in EXAMPLES.glob("*.py"))
