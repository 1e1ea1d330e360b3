"""One row on its way through a fitted estimator."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from torch import Tensor

from sklstm._validation import UNK_ID, Sequences
from sklstm.nn.anatomy import HIDDEN, Anatomy, dissect, dissect_language
from sklstm.recurrent._language_model import LSTMLanguageModel
from sklstm.text import TokenArray

__all__ = ["HIDDEN", "Anatomy", "as_input", "dissect_row", "knows", "rows_of"]


def rows_of(estimator: Any, X: Any) -> tuple[list[np.ndarray], Any]:
    """Return what the estimator reads of each row, without padding, and its words.

    Returns
    -------
    rows : list of ndarray
        Token ids (n_steps,), or numbers (n_steps, n_channels).
    vocabulary : Vocabulary or None
        The words of the ids.
    """
    if isinstance(estimator, LSTMLanguageModel):
        sequences = estimator._read_prompts(estimator._read_documents(X))
        vocabulary = estimator.tokenizer_._vocabulary
    else:
        sequences = estimator._check_input(X, reset=False)
        vocabulary = sequences.vocabulary
    return np.split(sequences.values, np.cumsum(sequences.lengths)[:-1]), vocabulary


def as_input(rows: Sequence[np.ndarray], vocabulary: Any) -> Any:
    """Return rows in a form that the estimator they came from takes."""
    if rows[0].ndim == 1:
        return TokenArray.from_rows(rows, vocabulary)
    array = np.empty(len(rows), object)
    for i, row in enumerate(rows):
        array[i] = row
    return array


def knows(estimator: Any, X: Any) -> np.ndarray:
    """Return for each step of the first row of token ids whether its word is known."""
    if isinstance(estimator, LSTMLanguageModel):
        return rows_of(estimator, X)[0][0] != UNK_ID
    read = estimator._read_ids(estimator._check_input(X, reset=False))
    return read.values[: read.lengths[0]] != UNK_ID


def dissect_row(estimator: Any, X: Any, output: int) -> Anatomy:
    """Go through the first row of ``X``, which has steps.

    Parameters
    ----------
    estimator : estimator
        A fitted one of this package.
    X : sequences
        As its ``predict`` takes them.
    output : int
        What the score speaks for: the number of a class, a label, or an output. Of two
        classes the score is the log-odds of this one; of a regressor, the prediction.
    """
    module = estimator.net_.module_
    if isinstance(estimator, LSTMLanguageModel):
        prompts = estimator._read_prompts(estimator._read_documents(X))
        return dissect_language(module, prompts, output)
    sequences: Sequences = estimator._check_predict(X)

    def score(outputs: Tensor) -> Tensor:
        if is_regressor(estimator):
            scale = float(estimator.target_scale_[output])
            return outputs[output] * scale + float(estimator.target_mean_[output])
        if estimator._is_binary():
            return outputs[output] - outputs[1 - output]
        return outputs[output]

    return dissect(module, sequences, score)
