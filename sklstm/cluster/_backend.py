"""use_dask: joblib on a Dask cluster, where nothing is lost and vectors travel once."""

from contextlib import ExitStack, contextmanager

from joblib import parallel_config

from sklstm.vectors import WordVectors


@contextmanager
def use_dask(client, *, vectors=()):
    """Let searches and other work of joblib run on a Dask cluster.

    This is ``joblib.parallel_config(backend="dask")`` and two things more. Texts,
    labels and folds outlive the worker that has them, so that a worker may be lost
    without the search. And word vectors travel once to each worker, instead of with
    each fit.

    Parameters
    ----------
    client : distributed.Client
        Connected to the cluster.
    vectors : WordVectors or iterable of WordVectors, default=()
        Those that the estimators have, which :func:`~sklstm.train_vectors` and
        :func:`~sklstm.load_vectors` return. Where they were read from a file that the
        scheduler and all workers see by the same path, they need not be given: each
        process reads them there, once.

    Yields
    ------
    None
        Inside the ``with`` block all processes hold the vectors, workers that come
        later too, and pickles only name them. At its end they are dropped.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If the client is none, or an asynchronous one, or the vectors are none.
    ValueError
        If the client is not connected, or the vectors take more than 4 GB.

    See Also
    --------
    load_vectors : Reads word vectors.

    Notes
    -----
    joblib hands large arguments to one worker each, and Dask cannot make them again
    when it dies. Here the scheduler keeps them until the search is over, in its memory.

    Whatever is pickled inside the block, into a file too, only names the vectors, and
    cannot be loaded when the block has ended; :func:`~sklstm.save` stores them.

    Examples
    --------
    >>> from dask.distributed import Client
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, TextTokenizer, train_vectors
    >>> from sklstm.cluster import use_dask
    >>> from sklstm.datasets import make_reviews
    >>> texts, labels = make_reviews(200, max_words=8, random_state=0)
    >>> vectors = train_vectors(texts, vector_size=8, random_state=0)
    >>> lstm = LSTMClassifier(vectors=vectors, max_epochs=1, random_state=0)
    >>> pipe = make_pipeline(TextTokenizer(), lstm)
    >>> search = GridSearchCV(pipe, {"lstmclassifier__lr": [0.001, 0.02]}, cv=2)
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     with use_dask(client, vectors=vectors):
    ...         _ = search.fit(texts, labels)
    >>> sorted(search.best_params_)
    ['lstmclassifier__lr']
    """
    try:
        from sklstm.cluster import _dask
    except ImportError as error:
        raise ImportError("use_dask needs Dask: pip install 'sklstm[dask]'") from error
    _dask.check_client(client)
    vectors = [vectors] if isinstance(vectors, WordVectors) else list(vectors)
    for shared in vectors:
        if not isinstance(shared, WordVectors):
            raise TypeError(
                "use_dask expects WordVectors, as load_vectors and train_vectors "
                f"return them, got {type(shared).__name__}."
            )
    with ExitStack() as stack:
        for shared in vectors:
            stack.enter_context(_dask.share(shared, client))
        lasting = _dask.LastingClient(client)
        stack.enter_context(parallel_config(backend="dask", client=lasting))
        yield
