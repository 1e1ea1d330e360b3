"""The wheel and the source distribution: what is in them, and that the wheel works."""

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "persistence" / "golden" / "format1.sklstm"
BUILD = """
import sys
from setuptools import build_meta
folder = sys.argv[1]
build_meta.build_sdist(folder)
build_meta.build_wheel(folder)
"""


def tracked():
    """Return the files that git keeps, or would when they are added, or skip."""
    command = ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no checkout of git")
    return {name for name in done.stdout.splitlines() if (ROOT / name).exists()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """Build both from a copy of what git keeps, with the setuptools installed here."""
    folder = tmp_path_factory.mktemp("dist")
    copy = folder / "sklstm"
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-c", BUILD, folder]
    done = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_source_distribution_is_what_git_keeps(dist):
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        paths = (member.name for member in archive.getmembers() if member.isfile())
        files = {path.partition("/")[2] for path in paths}
    made = {name for name in files if name.startswith("sklstm.egg-info/")}
    hidden = {name for name in tracked() if name.startswith(".")}
    assert files - made - {"PKG-INFO", "setup.cfg"} == tracked() - hidden


def test_the_wheel_is_the_package(dist):
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert files == {name for name in tracked() if name.startswith("sklstm/")}


INSTALLED = """
import sys
import sklstm
from sklearn.pipeline import make_pipeline
from sklstm import LSTMClassifier, TextTokenizer
from sklstm.inspection import trace

assert sys.argv[1] in sklstm.__file__, sklstm.__file__
texts, labels = ["a good film", "bad", "not good", "a bad film"], [1, 0, 0, 0]
net = LSTMClassifier(hidden_size=4, max_epochs=1)
pipe = make_pipeline(TextTokenizer(), net).fit(texts, labels)
trace(pipe, texts, labels).save("lesson.html")
sklstm.load(sys.argv[2])
print("done")
"""


def test_the_wheel_works_where_the_sources_are_not(dist, tmp_path):
    """In an environment of its own, which takes other packages from this one."""
    home = tmp_path / "env"
    venv.create(home, with_pip=False)
    folder = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as archive:
        archive.extractall(folder)
    (folder / "others.pth").write_text(sysconfig.get_path("purelib"))
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    command = [python, "-W", "ignore", "-c", INSTALLED, str(home), str(GOLDEN)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "done\n", done.stderr


def requirements():
    """Return the packages that pyproject.toml names, with their ranges."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + [r for name in extras for r in extras[name]]
    found = map(Requirement, lines)
    return {found.name: found.specifier for found in found if found.name != "sklstm"}


def pins(path):
    """Return the versions that a file of constraints names."""
    lines = (ROOT / path).read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines if re.match(r"[\w.-]+==", line))


PINS = ["constraints.txt", *(f"tests/constraints-{end}.txt" for end in ("min", "max"))]


@pytest.mark.parametrize("path", PINS)
def test_pins_are_within_the_ranges(path):
    ranges = requirements()
    for name, version in pins(path).items():
        assert version in ranges.get(name, Requirement(name).specifier), name


def test_the_lowest_versions_are_those_of_the_ranges():
    lowest, ranges = pins("tests/constraints-min.txt"), requirements()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name in map(lambda line: Requirement(line).name, project["dependencies"]):
        assert name in lowest
    for name, version in lowest.items():
        if name in ranges:
            low = next(spec for spec in ranges[name] if spec.operator == ">=").version
            assert version == low or version.startswith(f"{low}."), name
