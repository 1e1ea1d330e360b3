"""Files of each format, as they were written: they still open and answer the same."""

from pathlib import Path

import numpy as np
import pytest

import sklstm
from sklstm._persistence._files import FORMAT

GOLDEN = Path(__file__).parent / "golden"
TEXTS = ["a good film", "a bad film", "not a good film", "not bad at all", "", "good"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_every_format_is_read(number):
    path = GOLDEN / f"format{number}.sklstm"
    assert sklstm.read_manifest(path)["format"] == number
    loaded = sklstm.load(path)  # which compares the answers stored in the file
    light = sklstm.runtime.load(path)
    assert loaded.predict(TEXTS).tolist() == light.predict(TEXTS).tolist()
    np.testing.assert_allclose(
        light.predict_proba(TEXTS), loaded.predict_proba(TEXTS), atol=1e-5
    )
