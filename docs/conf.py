"""The site: ``make docs`` builds it, without a network, into docs/_build/html."""

import os
import re
from importlib.metadata import version as installed
from pathlib import Path

# The gallery looks up the names in the examples
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
EXAMPLES = ROOT / "examples"

# -- Sphinx

project = "sklstm"
author = "The sklstm developers"
copyright = author
version = release = installed("sklstm")

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "gallery/GALLERY_HEADER.rst"]
nitpicky = True

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3  # as GitHub names them

autodoc_member_order = "groupwise"
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False  # the template lists them
# Prompts and what a block prints are not copied
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

html_context = {"default_mode": "auto"}  # light or dark as the system is
html_theme = "pydata_sphinx_theme"
html_title = "sklstm"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "benchmarks": []}
html_theme_options = {
    "logo": {"text": "sklstm"},
    "navbar_align": "left",
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# -- The gallery


DATA = Path(os.environ.get("SKLSTM_DATA", ROOT.parent / "shared" / "data")).resolve()
# Examples run in a folder of their own, where a relative path means something else
os.environ["SKLSTM_DATA"] = str(DATA)


def runnable():
    """Return the names of the examples that have all they need; others are shown."""
    paths = [*sorted(EXAMPLES.glob("plot_*.py")), EXAMPLES / "text_beside_numbers.py"]
    return [
        path.stem
        for path in paths
        if DATA.exists() or "SKLSTM_DATA" not in path.read_text("utf-8")
    ]


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "copyfile_regex": r"index\.rst",  # the page of the gallery
    "filename_pattern": rf"[/\\]({'|'.join(runnable())})\.py$",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("sklstm",),
    "default_thumb_file": str(DOCS / "_static" / "program.png"),
    "download_all_examples": False,
    "write_computation_times": False,
    "show_memory": False,
    "show_signature": False,
    "thumbnail_size": (400, 260),
}

# -- Links of Markdown pages, which work on GitHub as they are

LINKS = [
    (r"\.\./README\.md(#[\w-]+)?", r"index.md"),
    (r"\.\./(CHANGELOG|CONTRIBUTING|SECURITY)\.md", lambda m: f"{m[1].lower()}.md"),
    (r"\.\./examples/?", r"gallery/index.rst"),
    (r"\.\./examples/(\w+)\.py", r"gallery/\1.rst"),
    (r"\.\./benchmarks/results/?", r"benchmarks.md"),
    (r"\.\./benchmarks/results/\w+\.md(#[\w-]+)", r"benchmarks.md\1"),
    (
        r"\.\./benchmarks/results/(\w+)\.md",
        lambda m: f"benchmarks.md#{m[1].replace('_', '-')}",
    ),
]


def prepare_markdown(app, docname, source):
    """Rewrite links to files outside of docs/ that have a page on the site."""
    if app.env.doc2path(docname).suffix == ".md":
        for pattern, target in LINKS:
            pattern = rf"(?<=\]\(){pattern}(?=\))"
            source[0] = re.sub(pattern, target, source[0])
        # A doctest ends with an empty line, which a reader need not see
        source[0] = source[0].replace("\n\n```\n", "\n```\n")


def give_a_title(app, docname, source):
    """Make a title of the first line of an example that is a program."""
    programs = {
        *("accelerate_fit", "dask_search", "quickstart", "serve_http"),
        "text_beside_numbers",
    }
    if docname in {f"gallery/{name}" for name in programs}:
        title, rest = source[0].split("sphx-glr-example-title", 1)
        rest = re.sub(
            r"\n\n(?!\.\.)((.+?):.*)",
            lambda m: f"\n\n{m[2]}\n{'=' * len(m[2])}\n\n{m[1]}",
            rest,
            count=1,
        ).replace("\n\n    python ", "\n\n.. code-block:: text\n\n    python ")
        source[0] = f"{title}sphx-glr-example-title{rest}"


# -- References

PLACES = {
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "skorch": "https://skorch.readthedocs.io/en/stable/net.html#{}",
    "torch": "https://docs.pytorch.org/docs/stable/generated/{}.html",
}
MODULES = {"torch.optim": "https://docs.pytorch.org/docs/stable/optim.html"}
NAMES_ON_PAGES = {"skorch.NeuralNet": "skorch.net.NeuralNet"}


def find_reference(app, env, node, contnode):
    """Resolve short names of our own, and names of the libraries beneath."""
    from docutils import nodes
    from sphinx.util.nodes import make_refnode

    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    objects = env.domains.python_domain.objects
    found = {
        entry.node_id: entry
        for name, entry in objects.items()
        if name.startswith("sklstm.") and name.endswith(f".{target}")
    }
    if len(found) == 1:
        (entry,) = found.values()
        return make_refnode(
            app.builder, node["refdoc"], entry.docname, entry.node_id, contnode
        )
    place = PLACES.get(target.split(".")[0])
    if place is None:
        return None
    uri = MODULES.get(target) or place.format(NAMES_ON_PAGES.get(target, target))
    return nodes.reference("", "", contnode, internal=False, refuri=uri)


def no_false_links(app, what, name, obj, options, lines):
    """Write as plain text what is no link here."""
    text = "\n".join(lines)
    # Into the guide of scikit-learn, from methods that come from there
    text = re.sub(r":(?:ref|term|doc):`([^`<]+?)\s*(?:<[^`]*>)?`", r"\1", text)
    # Formulas of R2, for which a page would load MathJax from elsewhere
    text = re.sub(r":math:`([^`]+)`", r"``\1``", text).replace(r"\frac{u}{v}", "u / v")
    # A shape that names a fitted attribute
    text = re.sub(r"(shape \([^`()]*\w)_(?=[,)])", r"\1\\_", text)
    lines[:] = text.split("\n")


# -- Tables and the trace of the landing page


def results_table():
    """Return the directive that takes a table out of a file of results."""
    from docutils import nodes
    from docutils.parsers.rst import directives
    from docutils.statemachine import StringList
    from sphinx.util.docutils import SphinxDirective

    class ResultsTable(SphinxDirective):
        """The first table of benchmarks/results/, or that of a section."""

        required_arguments = 1
        option_spec = {"section": directives.unchanged, "without": directives.unchanged}

        def run(self):
            path = ROOT / "benchmarks" / "results" / f"{self.arguments[0]}.md"
            self.env.note_dependency(path)
            text = path.read_text("utf-8")
            if "section" in self.options:
                text = text.split(f"\n## {self.options['section']}\n", 1)[1]
            table = re.search(r"^\|.*?(?=\n\n|\Z)", text, re.M | re.S)[0]
            rows = [
                [cell.strip() for cell in line.strip().strip("|").split("|")]
                for line in table.splitlines()
            ]
            dropped = [x.strip() for x in self.options.get("without", "").split(";")]
            keep = [i for i, name in enumerate(rows[0]) if name not in dropped]
            lines = [f"| {' | '.join(row[i] for i in keep)} |" for row in rows]
            lines = [line.replace(" (", "<br>(") for line in lines]  # seconds below
            node = nodes.container(classes=["results"])
            self.state.nested_parse(StringList(lines, str(path)), 0, node)
            return [node]

    return ResultsTable


def save_trace(app, exception):
    """Train the pipeline of the landing page and save its trace beside the page."""
    if exception or app.builder.name != "html":
        return
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier, SequencePadder, TextTokenizer
    from sklstm.datasets import make_reviews
    from sklstm.inspection import trace

    texts, labels = make_reviews(n_samples=1000, random_state=0)
    pipe = make_pipeline(
        TextTokenizer(), SequencePadder(), LSTMClassifier(random_state=0)
    )
    examples = ["the film was not bad at all", "a dull film"]
    lesson = trace(pipe.fit(texts, labels), texts, labels, examples=examples)
    lesson.save(app.outdir / "_static" / "trace.html", quiz=True)


def setup(app):
    """Connect all of this with Sphinx."""
    app.add_directive("results-table", results_table())
    app.connect("source-read", prepare_markdown)
    app.connect("source-read", give_a_title)
    app.connect("missing-reference", find_reference)
    # Before numpydoc, which leaves nothing of the original
    app.connect("autodoc-process-docstring", no_false_links, priority=400)
    app.connect("build-finished", save_trace)
