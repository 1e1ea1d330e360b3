"""What the runtime reads of a file: it runs no functions and no types of others."""

from typing import Any

import numpy as np

from sklstm._persistence._archive import Archive, name_of, open_archive
from sklstm._persistence._files import read_file, reading_errors
from sklstm._persistence._fitted import check_fitted
from sklstm._persistence._stored import Reader, Stored

_SILENT = {"DTypeNode", "RandomGeneratorNode", "RandomStateNode", "TypeNode"}


def read_model(path: Any) -> Stored:
    """Return the estimator of a file that ``sklstm.save`` has written.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If the file is none of ``sklstm.save``, is damaged, or of a newer version.
    """
    _, content = read_file(path)
    with reading_errors(path):
        archive = open_archive(content)
        check_fitted(archive)
        return _OwnReader(archive).read(archive.tree["content"]["estimator"])


class _OwnReader(Reader):
    """Refuses functions and the like; its arrays are copies, each made once."""

    def __init__(self, archive: Archive):
        super().__init__(archive)
        self.arrays: dict[str, np.ndarray] = {}

    def read_foreign(self, node: dict) -> Stored:
        loader = node["__loader__"]
        # Random states and the like, of use in training
        if loader in _SILENT or loader in self.readers:
            return super().read_foreign(node)
        raise ValueError(
            f"it holds {name_of(node)} ({loader}), and the runtime runs no "
            "functions and no types of others. Where a tokenizer has a callable, "
            "leave it out, or predict with the full package."
        )

    def read_array(self, node: dict) -> np.ndarray:
        if node["type"] == "json":
            return super().read_array(node)
        name = node["file"]
        if name not in self.arrays:
            self.arrays[name] = super().read_array(node).copy("K")
        return self.arrays[name]
