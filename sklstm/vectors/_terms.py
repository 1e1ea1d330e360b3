"""What each word adds to the vector that an averager makes of a text."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklstm.vectors._averager import PretrainedEmbeddingAverager, _Known
from sklstm.vectors._documents import read_documents


@dataclass(frozen=True, eq=False)
class Terms:
    """The tokens of a text, and the terms that its vector is the sum of.

    Parameters
    ----------
    words : list of str
        The tokens.
    known : ndarray of shape (n_tokens,), bool
        Whether a token has a vector.
    looked_up : ndarray of shape (n_tokens, vector_size), float32
        The vectors; zeros where there are none.
    terms : ndarray of shape (n_tokens, vector_size), float64
        What each token adds.
    """

    words: list[str]
    known: np.ndarray
    looked_up: np.ndarray
    terms: np.ndarray


def terms_of(averager: PretrainedEmbeddingAverager, X: object) -> Terms:
    """Take apart what a fitted averager makes of the first text of ``X``.

    With ``normalize=True`` the terms are scaled as their sum is.
    """
    check_is_fitted(averager)
    known = _Known(read_documents(averager, X), averager.vectors_)
    documents = known.documents
    ids = documents.flat[: documents.lengths[0]]
    found = known.found[ids]
    looked_up = np.zeros((len(ids), known.table.shape[1]), np.float32)
    looked_up[found] = known.table[known.rows[ids[found]]]

    weights = np.ones(len(ids))
    if averager._word_weights is not None:
        weights = averager._word_weights.of(documents.words)[ids]
    counted = found | (averager.oov != "skip")
    shares = weights if averager.weighting == "idf" else np.ones(len(ids))
    terms = looked_up.astype(np.float64)
    if averager.oov == "mean":
        terms[~found] = averager.vectors_.mean
    terms *= (weights / max(shares[counted].sum(), np.finfo(float).tiny))[:, None]
    component = averager.common_component_
    if component is not None:
        terms -= (terms @ component)[:, None] * component
    if averager.normalize:
        length = np.linalg.norm(terms.sum(axis=0))
        terms /= length if length > 0 else 1.0
    return Terms([documents.words[i] for i in ids.tolist()], found, looked_up, terms)
