"""Reports on the texts that flow through a pipeline."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sklstm.text import SequencePadder, TextReport, TextTokenizer


def text_reports(
    flowing: Sequence[tuple[Any, Any]], show_values: bool
) -> list[TextReport]:
    """Report on what each tokenizer was given.

    Parameters
    ----------
    flowing : sequence of (estimator, X)
        The estimators of a pipeline and what they were given.
    show_values : bool
        Whether words of the texts may be named.
    """
    estimators = [estimator for estimator, _ in flowing]
    options = {
        "max_length": next(
            (e.max_length_ for e in estimators if isinstance(e, SequencePadder)), None
        ),
        "vectors": next(filter(None, map(_vectors_of, estimators)), None),
    }
    reports = []
    for estimator, X in flowing:
        if isinstance(estimator, TextTokenizer):
            with warnings.catch_warnings():  # the trace shows what is bad
                warnings.simplefilter("ignore", UserWarning)
                report = estimator.report(X, **options)
            reports.append(report if show_values else replace(report, unknown_words=()))
    return reports


def _vectors_of(estimator: Any) -> Any:
    """Return the pretrained vectors that an estimator looks words up in."""
    table = getattr(estimator, "_word_table_", None)
    if table is not None and not table.of_encoder:
        return table.vectors
    return getattr(estimator, "vectors_", None)
