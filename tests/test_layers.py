"""Imports go down only, and every outside library has one door."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import sklstm

PACKAGE = Path(sklstm.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# For each folder or module of the package: which others its modules may import.
# Everyone may import those of SHARED and, of course, the own folder.
ARROWS = {
    "__init__": {"text", "vectors", "recurrent", "inspection", "_persistence"},
    "_lazy": set(),
    "_sklearn": set(),
    "_estimator": set(),
    "_validation": set(),
    "_persistence": {"text", "vectors", "nn", "recurrent"},
    "sequences": set(),
    "text": set(),
    "vectors": {"text"},
    "nn": set(),
    "recurrent": {"nn", "vectors", "text"},
    "inspection": {"recurrent", "vectors", "text"},
    "runtime": {"text", "vectors", "_persistence"},
    "datasets": set(),
    "cluster": {"vectors"},
}
SHARED = {"_estimator", "_lazy", "_sklearn", "_validation", "__version__"}

# The modules, by path below the package without .py, that may import these at all
DOORS = {
    "dask": {"cluster/_dask"},
    "distributed": {"cluster/_dask"},
    "accelerate": {"nn/team"},
    "gensim": {"vectors/_gensim"},
    "skorch": {"nn/training", "nn/_callbacks"},
    "torch": {"nn/", "recurrent/", "_persistence"},
}
# Imported only where they are used, inside a function: sklstm works without them
LATE = {
    *("accelerate", "matplotlib", "onnx", "onnxruntime", "polars", "pyarrow", "rich"),
    *("safetensors", "skops"),
}


def name_of(path):
    """Return the path of a module below the package: "text/_tokenizer"."""
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def imports_of(tree):
    """Return the (module, names) of every import statement below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module, tuple(alias.name for alias in node.names)


def runs_at_import(tree):
    """Return what is left of a module without function bodies and TYPE_CHECKING."""

    class Strip(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            return None

        visit_AsyncFunctionDef = visit_FunctionDef

        def visit_If(self, node):
            only_types = ast.unparse(node.test).endswith("TYPE_CHECKING")
            return None if only_types else self.generic_visit(node)

    return Strip().visit(tree)


@pytest.fixture(params=MODULES, ids=name_of)
def module(request):
    return name_of(request.param), ast.parse(request.param.read_text("utf-8"))


def test_own_imports_go_down(module):
    name, tree = module
    own = name.split("/")[0]
    for target, names in imports_of(tree):
        if target.split(".")[0] != "sklstm":
            continue
        parts = target.split(".")[1:2] or names
        unwanted = set(parts) - SHARED - ARROWS[own] - {own}
        assert not unwanted, f"{name} imports {unwanted}"


def test_outside_libraries_have_one_door(module):
    name, tree = module
    for target, _ in imports_of(tree):
        doors = DOORS.get(target.split(".")[0])
        if doors is None:
            continue
        folder = name.rpartition("/")[0] + "/"
        assert name in doors or folder in doors, f"{name} imports {target}"


def test_private_names_of_scikit_learn_have_one_door(module):
    name, tree = module
    if name == "_sklearn":
        return
    for target, names in imports_of(tree):
        if target.split(".")[0] == "sklearn":
            path = (*target.split("."), *names)
            private = [part for part in path if part.startswith("_")]
            assert not private, f"{name} imports {private} of scikit-learn"


def test_extras_are_imported_late(module):
    name, tree = module
    early = {target.split(".")[0] for target, _ in imports_of(runs_at_import(tree))}
    assert not early & LATE, f"{name} imports {early & LATE} at import"


def test_text_imports_pandas_late(module):
    name, tree = module
    if name.split("/")[0] not in {"text", "_validation", "datasets"}:
        return
    early = {target.split(".")[0] for target, _ in imports_of(runs_at_import(tree))}
    assert "pandas" not in early, f"{name} imports pandas at import"


def test_every_module_has_a_place():
    homes = {name_of(path).split("/")[0] for path in MODULES}
    assert homes <= set(ARROWS), f"no arrows for {homes - set(ARROWS)}"


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import sklstm", {"torch", "gensim", "skorch", "pandas", "matplotlib"}),
        ("from sklstm import TextTokenizer, SequencePadder", {"torch", "gensim"}),
        ("from sklstm.datasets import make_reviews", {"torch", "gensim"}),
        ("from sklstm import LSTMClassifier", {"gensim", "matplotlib", "polars"}),
        ("from sklstm.inspection import trace", {"torch", "gensim", "matplotlib"}),
        ("from sklstm.cluster import use_dask", {"dask", "distributed", "torch"}),
        ("import sklstm.runtime", {"torch", "sklearn", "scipy", "skops", "pandas"}),
    ],
)
def test_heavy_libraries_stay_out_of_light_imports(statement, absent):
    code = f"{statement}; import sys; print(*sorted({absent} & set(sys.modules)))"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_public_names_can_be_imported():
    for name in sklstm.__all__:
        assert getattr(sklstm, name) is not None
        assert name in dir(sklstm)
    with pytest.raises(AttributeError, match="no_such_name"):
        importlib.import_module("sklstm").no_such_name  # noqa: B018


def test_folders_come_with_the_package():
    code = "import sklstm; print(sklstm.inspection.trace, 'datasets' in dir(sklstm))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("True\n")
