"""make_baseline: averaged word vectors and logistic regression."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm.vectors._averager import PretrainedEmbeddingAverager


def make_baseline(
    vectors, *, weighting=None, oov="skip", C=1.0, max_iter=1000, callbacks=()
):
    """Make the pipeline that any other classifier of texts has to beat.

    It averages word vectors, scales each column to mean 0 and variance 1, and fits a
    logistic regression by lbfgs, which draws nothing at random. Its other parameters
    are reached as in any pipeline, by ``set_params(logisticregression__...)``.

    Parameters
    ----------
    vectors : path, str, WordVectors, or word vectors of gensim
        The word vectors, as for :class:`~sklstm.PretrainedEmbeddingAverager`.
    weighting : {"idf", "sif"} or None, default=None
        How much each word counts.
    oov : {"skip", "zero", "mean", "error"}, default="skip"
        What is done about a token without a vector.
    C : float, default=1.0
        The inverse of the strength of regularization.
    max_iter : int, default=1000
        How many iterations of lbfgs there are at most.
    callbacks : sequence of callbacks of scikit-learn, default=()
        Callbacks of the logistic regression. A
        :class:`~sklearn.callback.ScoringMonitor` keeps loss and accuracy on the
        training texts, iteration by iteration.

    Returns
    -------
    Pipeline
        The steps ``pretrainedembeddingaverager``, ``standardscaler`` and
        ``logisticregression``.

    Examples
    --------
    >>> from sklearn.callback import ScoringMonitor
    >>> from sklstm import WordVectors, make_baseline
    >>> vectors = WordVectors(["good", "bad", "film"], [[1, 0], [-1, 0], [0, 1]])
    >>> monitor = ScoringMonitor(scoring=["neg_log_loss", "accuracy"])
    >>> baseline = make_baseline(vectors, callbacks=[monitor])
    >>> texts, labels = ["good film", "bad film", "bad"], ["yes", "no", "no"]
    >>> baseline.fit(texts, labels).predict(["a good, good film"])
    array(['yes'], dtype='<U3')
    >>> log = monitor.get_logs().data
    >>> steps = [row for row in log if row["task_name"] == "lbfgs-iter"]
    >>> steps[0]["neg_log_loss"] < steps[-1]["neg_log_loss"], steps[-1]["accuracy"]
    (True, 1.0)
    """
    classifier = LogisticRegression(C=C, max_iter=max_iter)
    if callbacks:
        classifier.set_callbacks(*callbacks)
    averager = PretrainedEmbeddingAverager(vectors, weighting=weighting, oov=oov)
    return make_pipeline(averager, StandardScaler(), classifier)
