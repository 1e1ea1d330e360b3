"""What a classifier takes over from language models."""

from dataclasses import dataclass

import numpy as np

from sklstm.vectors import WordVectors


@dataclass(frozen=True)
class Encoder:
    """An embedding and recurrent layers that trained before.

    Parameters
    ----------
    vectors : WordVectors
        The embedding of each word, the unknown one among them.
    hidden_size, num_layers : int
        Sizes of the recurrent layers.
    weights : dict of ndarray
        Of the recurrent layers, by name.
    """

    vectors: WordVectors
    hidden_size: int
    num_layers: int
    weights: dict[str, np.ndarray]


def both_ways(ahead: Encoder, back: Encoder, name: str) -> Encoder:
    """Put two encoders side by side: each direction reads its own half, at first.

    Parameters
    ----------
    ahead, back : Encoder
        The one of each direction.
    name : str
        Of the estimator that asks for it.

    Returns
    -------
    Encoder

    Raises
    ------
    ValueError
        If they have different words or sizes.
    """
    same = (
        ahead.hidden_size == back.hidden_size
        and ahead.num_layers == back.num_layers
        and ahead.vectors.vocabulary == back.vectors.vocabulary
    )
    if not same:
        raise ValueError(
            f"The two language models of {name} have different words or sizes. Fit "
            "both with the same texts, tokenizer, hidden_size and num_layers."
        )
    weights = {}
    for key, weight in ahead.weights.items():
        other = back.weights[key]
        if "weight_ih" in key:  # (4H, E): the other half is not read yet
            nothing, nor_here = np.zeros_like(other), np.zeros_like(weight)
            weight, other = np.hstack([weight, nothing]), np.hstack([nor_here, other])
        weights[key] = weight
        weights[key.replace("forward_layers", "backward_layers")] = other
    vectors = np.hstack([ahead.vectors.matrix, back.vectors.matrix])
    both = WordVectors(ahead.vectors.vocabulary, vectors)
    return Encoder(both, ahead.hidden_size, ahead.num_layers, weights)
