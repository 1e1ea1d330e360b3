"""Each row of the table of faults has a test that bears its number."""

import ast
import re
from pathlib import Path

N_ROWS = 74


def numbers_of(name):
    """Return the rows in a name, `test_faults_01_02_missing` or `65: too large`."""
    said = re.match(r"test_.*?faults?((?:_(?:and|to|\d\d))+)|(\d\d)[: ]", name)
    if said is None:
        return set()
    numbers = {int(number) for number in re.findall(r"\d\d", said.group())}
    for first, last in re.findall(r"(\d\d)_to_(\d\d)", said.group()):
        numbers |= set(range(int(first), int(last)))
    return numbers


def test_each_row_has_a_test():
    found = set()
    for path in Path(__file__).parent.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found |= numbers_of(node.name)
            elif isinstance(node, ast.Dict):  # of cases, by their names
                keys = (getattr(key, "value", None) for key in node.keys)
                found |= {n for k in keys if isinstance(k, str) for n in numbers_of(k)}
    assert set(range(1, N_ROWS + 1)) - found == set()


def test_names_are_read():
    assert numbers_of("test_faults_18_to_20_and_26_are_none") == {18, 19, 20, 26}
    assert numbers_of("test_formats_and_fault_69_is_none") == {69}
    assert numbers_of("test_faulty_weights_01") == set()
    assert numbers_of("22 negative id") == {22}
