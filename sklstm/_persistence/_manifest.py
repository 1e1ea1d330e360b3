"""What a saved file says of itself, where only the runtime is installed too."""

from sklstm._persistence._files import read_file


def read_manifest(path):
    """Read what a saved file says of itself, without building what is in it.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    dict
        ``format``; the versions of ``sklstm``, ``numpy``, ``scikit-learn``, ``skops``,
        ``torch`` and ``python`` that saved it; ``saved``, the time in UTC;
        ``estimator``, its outline; ``checked_rows``; and ``sha256`` of the content.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If the file is none of :func:`save`, is damaged, or of a newer version.

    Examples
    --------
    >>> import tempfile
    >>> import sklstm
    >>> path = tempfile.mkdtemp() + "/padder.sklstm"
    >>> _ = sklstm.save(sklstm.SequencePadder(), path)
    >>> sklstm.read_manifest(path)["format"]
    1
    """
    return read_file(path)[0]
