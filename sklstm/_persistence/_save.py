"""Save and load models: no code runs, and damage is found."""

import io
import platform
from datetime import UTC, datetime
from hashlib import sha256
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from sklstm import __version__
from sklstm._persistence._archive import Archive, open_archive
from sklstm._persistence._check_rows import compare_answers, with_answers
from sklstm._persistence._files import FORMAT, read_file, reading_errors, write_file
from sklstm._persistence._fitted import check_fitted
from sklstm._persistence._trust import (
    is_our_own,
    refuse_what_has_no_name,
)

PACKAGES = ("numpy", "scikit-learn", "skops", "torch")


def save(estimator, path, *, X_check=None):
    """Save an estimator, or a pipeline of any, to one file.

    No code runs when the file is loaded, damage is found, and the file is written in
    one go: whatever happens meanwhile, at ``path`` there is the old file or the new.

    Parameters
    ----------
    estimator : estimator or Pipeline
        What to save, as a rule a fitted pipeline. Functions among its parameters are
        saved by their import path.
    path : str or path
        Where to write; a file that is there is replaced.
    X_check : list of str, ndarray, Series or DataFrame, default=None
        A few rows to store with the answers of the fitted estimator. :func:`load`
        computes them again and refuses the model if they differ by more than 1e-5.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    ValueError
        If a parameter holds a function without an import path, a lambda say.
    TypeError
        If something that is no estimator is given, or the estimator holds what cannot
        be saved.
    ImportError
        If skops is not installed.

    See Also
    --------
    load : Reads it again.
    read_manifest : Says what is in it.

    Examples
    --------
    >>> import tempfile
    >>> import sklstm
    >>> from sklearn.pipeline import make_pipeline
    >>> texts, labels = ["a good film", "bad", "not good", "fine"], [1, 0, 0, 1]
    >>> model = sklstm.LSTMClassifier(max_epochs=2)
    >>> pipe = make_pipeline(sklstm.TextTokenizer(), model).fit(texts, labels)
    >>> path = sklstm.save(pipe, tempfile.mkdtemp() + "/model.sklstm", X_check=texts)
    >>> loaded = sklstm.load(path)
    >>> bool((loaded.predict_proba(texts) == pipe.predict_proba(texts)).all())
    True
    >>> sklstm.read_manifest(path)["estimator"]
    'Pipeline(TextTokenizer, LSTMClassifier)'
    """
    if not isinstance(estimator, BaseEstimator):
        raise TypeError(
            f"save takes an estimator, got {type(estimator).__name__}; of a search "
            "save best_estimator_, of several models each."
        )
    refuse_what_has_no_name(estimator)
    held = {"estimator": estimator, "check": None}
    if X_check is not None:
        held["check"] = with_answers(estimator, X_check)
    try:
        content = _skops().dumps(held)
    except Exception as error:  # of any kind: skops has no one of its own
        raise TypeError(
            f"{type(estimator).__name__} holds something that cannot be saved: {error}"
        ) from error
    manifest = {
        "format": FORMAT,
        "sklstm": __version__,
        **{name: _version_of(name) for name in PACKAGES},
        "python": platform.python_version(),
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "estimator": _outline(estimator),
        "checked_rows": 0 if X_check is None else len(X_check),
        "sha256": sha256(content).hexdigest(),
    }
    write_file(Path(path), manifest, content)
    return Path(path)


def load(path, *, trusted=()):
    """Load what :func:`save` has written, without running any code of the file.

    Parameters
    ----------
    path : str or path
        The file.
    trusted : iterable of str, default=()
        Full names of types and functions to trust beside the types of this package, of
        NumPy and of scikit-learn, compiled ones such as trees excepted. The error for a
        file that holds others lists them.

    Returns
    -------
    estimator

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If the file is none of :func:`save`, is damaged, was written by a newer version,
        holds types that are not trusted or what does not fit together, or the model
        answers other than when it was saved.
    ImportError
        If skops is not installed.

    Warns
    -----
    InconsistentVersionWarning
        If another version of scikit-learn, or of this package, saved the model.

    Notes
    -----
    The sha256 tells of damage, not of who made the file: see SECURITY.md.

    Examples
    --------
    >>> import tempfile
    >>> import sklstm
    >>> tokenizer = sklstm.TextTokenizer().fit(["a film"])
    >>> path = sklstm.save(tokenizer, tempfile.mkdtemp() + "/tokenizer.sklstm")
    >>> sklstm.load(path).vocabulary_["film"]
    3
    """
    _, content = read_file(path)
    skops, trusted = _skops(), set(trusted)
    with reading_errors(path):
        archive = open_archive(content)
        found = skops.get_untrusted_types(data=content)
    strange = [
        name
        for name in found
        if not (name in trusted or is_our_own(name, called=name in archive.called))
    ]
    if strange:
        shown = [name if name.isprintable() else ascii(name) for name in strange]
        raise ValueError(
            f"{path} holds types that are not trusted: {', '.join(shown)}. If you "
            f"know them, and who made the file, name them: load(path, "
            f"trusted={strange!r})."
        )
    with reading_errors(path):
        _check_sparse(archive)
        check_fitted(archive)
        held = skops.loads(content, trusted=list(found))
        estimator, check = held["estimator"], held["check"]
        if not isinstance(estimator, BaseEstimator):
            raise ValueError(f"it holds {type(estimator).__name__}, no estimator")
    if check is not None:
        compare_answers(path, estimator, check)
    return estimator


def _check_sparse(archive: Archive) -> None:
    """Refuse sparse matrices whose indices lie outside: SciPy's products trust them."""
    from scipy.sparse import load_npz

    for name in archive.sparse:
        matrix = load_npz(io.BytesIO(archive.file.read(name)))
        if matrix.format in ("csr", "csc", "bsr"):
            matrix.check_format(full_check=True)


def _skops() -> Any:
    try:
        return import_module("skops.io")
    except ImportError as error:
        raise ImportError(
            "save and load need skops: pip install 'sklstm[persistence]'"
        ) from error


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _outline(estimator: Any) -> str:
    """Write the class names of an estimator and of the steps inside."""
    name = type(estimator).__name__
    steps = getattr(estimator, "steps", None)
    if not steps:
        return name
    inside = (step if isinstance(step, str) else _outline(step) for _, step in steps)
    return f"{name}({', '.join(map(str, inside))})"
