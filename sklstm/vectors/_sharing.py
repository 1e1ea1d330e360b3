"""Word vectors that all processes of a cluster hold, and that pickles only name."""

from typing import Any

# What is held in this process, by the names of those who brought it here
SHARED: dict[str, Any] = {}


def is_shared(vectors: Any) -> bool:
    """Whether these word vectors, not only equal ones, are held by the others too.

    Another program on the same cluster may have equal ones and not hold them.
    """
    return any(
        held.matrix is vectors.matrix and held.digest == vectors.digest
        for held in tuple(SHARED.values())
    )


def find_shared(digest: str) -> Any:
    """Return the word vectors that a pickle names."""
    for held in tuple(SHARED.values()):
        if held.digest == digest:
            return held
    raise ValueError(
        f"A pickle that was made inside use_dask(vectors=) names the WordVectors "
        f"{digest}, which only the processes of that cluster hold, and only as long as "
        "the block runs. Pickle what you want to keep after the block, or use "
        "sklstm.save."
    )
