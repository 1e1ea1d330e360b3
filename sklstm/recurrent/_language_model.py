"""LSTMLanguageModel: which word comes next."""

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklstm._sklearn import Interval, _fit_context, validate_params
from sklstm._validation import PAD_ID, UNK_ID
from sklstm.nn.language_inference import (
    Continuation,
    next_word_log_probabilities,
    total_log_likelihoods,
)
from sklstm.recurrent._base_language_model import BaseLanguageModel
from sklstm.recurrent._drafts import all_or_nothing, on_one_state
from sklstm.recurrent._held_net import (
    draw_seeds,
    has_no_early_stopping,
    own_random_state,
)
from sklstm.recurrent._progress import follow_fit
from sklstm.recurrent._sampling import draw_words
from sklstm.recurrent._settings import CONSTRAINTS, check_settings
from sklstm.text import TextTokenizer


class LSTMLanguageModel(DensityMixin, BaseLanguageModel):
    """Model texts word by word: which word comes next, and how likely a text is.

    Reads texts, not token ids: it has a tokenizer of its own. All texts are read as one
    stream, with the state of the LSTM carried along.

    Parameters
    ----------
    tokenizer : TextTokenizer or None, default=None
        Splits the texts; its parameters can be searched, as in
        ``lstmlanguagemodel__tokenizer__max_features``. None is
        ``TextTokenizer(add_eos=True)``. ``analyzer="char"`` makes a model of
        characters. Without ``add_eos`` the model never ends a text.
    backward : bool, default=False
        Whether texts are read from their end, and each word is predicted from those
        that follow it: the other half of the encoder of a BiLSTMClassifier.
    embedding_dim : int, default=200
        Width of the word embedding.
    hidden_size : int, default=200
        Width of the hidden state.
    num_layers : int, default=1
        Number of recurrent layers.
    tie_weights : bool, default=True
        Whether words are read and predicted with the same vectors [2]_. Where
        ``hidden_size`` is not ``embedding_dim``, a linear layer stands between.
    dropout : float in [0, 1), default=0.2
        Share of units left out in training: of the embedding, between layers and
        before the next word is predicted, the same ones for all steps of a stretch.
    weight_dropout : float in [0, 1), default=0.0
        Share of the weights between states that each batch leaves out [1]_.
    word_dropout : float, default=0.25
        In training, a word that occurs ``n`` times is read, and predicted, as an
        unknown one with probability ``word_dropout / (word_dropout + n)``. So the model
        learns where words stand that it does not know. With 0 and a tokenizer that
        knows all words, it learns nothing of unknown words.
    bptt : int or None, default=35
        Steps through which gradients flow back (truncated back-propagation through
        time); the state is carried further. None reads each text for itself, from
        beginning to end.
    max_epochs : int, default=10
        Passes over the texts.
    lr : float, default=0.005
        Learning rate.
    batch_size : int, default=20
        Columns into which the stream is cut, read side by side; fewer where they would
        be shorter than ten times ``bptt``. With ``bptt=None``, texts of a batch.
    optimizer : str or class, default="adam"
        Name of an optimizer of :mod:`torch.optim` in lower case, or its class.
    weight_decay : float, default=0.0
        L2 penalty.
    clip_norm : float or None, default=1.0
        Largest norm of the gradients; None does not clip.
    average : bool, default=True
        Whether to validate and predict with a running mean of the weights, in which
        early steps fade.
    early_stopping : bool, default=False
        Whether to set texts aside and stop when the loss there no longer falls.
    validation_fraction : float in (0, 1), default=0.1
        Share of the texts set aside by early stopping.
    n_iter_no_change : int, default=5
        Epochs without an improvement of ``tol`` after which training stops.
    tol : float, default=1e-4
        Smallest fall of the validation loss that is an improvement. Whatever it is,
        the epoch of the lowest loss is kept.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the fitted net, with its vocabulary.
    callbacks : list of skorch callbacks, default=None
        Learning-rate schedules, freezing, scoring and so on; copied before use. Those
        of scikit-learn go to ``set_callbacks``.
    net_params : dict, default=None
        Anything else of :class:`skorch.NeuralNet`, by its names. An entry can be set
        alone: ``set_params(net__optimizer__betas=(0.8, 0.99))``.
    device : str, default="auto"
        "cpu", "cuda" or "cuda:1"; "auto" takes CUDA where there is one, and spreads
        worker processes over several. "accelerate" is this process's device among those
        that ``accelerate launch`` started, which train one net together.
    precision : {"float32", "bfloat16"}, default="float32"
        Of the recurrent layers while they train.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, dropout and validation part.
    verbose : int, default=0
        1 prints a line for each epoch; 2 shows a progress bar on stderr instead.

    Attributes
    ----------
    tokenizer_ : TextTokenizer
        The fitted tokenizer.
    classes_ : ndarray of shape (n_classes,), dtype object
        The words that can come next: ``"<unk>"`` for any unknown one, ``"<eos>"`` for
        the end of the text, and all others.
    n_empty_ : int
        How many texts of ``fit`` had no words; they were skipped.
    history_ : list of dict
        A row for each epoch: epoch, train_loss (measured while training) and, where
        texts validate, valid_loss, both in nats for each word; seconds; and rows, the
        number of texts that trained.
    n_iter_ : int
        Number of epochs run.
    best_epoch_ : int or None
        The epoch whose weights are kept; None where no texts validate.
    word_vectors_ : WordVectors
        The embedding of each word.
    net_ : skorch.NeuralNet
        The trained net. Its weights are in ``state_``, a dict of ndarray, and its
        sizes in ``sizes_``, a dict.

    See Also
    --------
    LSTMClassifier : Its parameter ``encoder`` starts from a language model.

    Notes
    -----
    The rarer words of a vocabulary of more than 4,000 are in clusters, whose softmax is
    computed only where it is needed [3]_, and for some steps at a time: no array of
    tokens times vocabulary is ever in memory. ``score_samples`` takes linear time and
    constant memory for long texts.

    Log-likelihoods of two models can be compared where both have the same vocabulary:
    a model that knows fewer words calls more of them unknown, which is easily guessed.

    References
    ----------
    .. [1] S. Merity, N. S. Keskar and R. Socher (2018). Regularizing and optimizing
       LSTM language models. ICLR.
    .. [2] O. Press and L. Wolf (2017). Using the output embedding to improve language
       models. EACL.
    .. [3] E. Grave, A. Joulin, M. Cisse, D. Grangier and H. Jegou (2017). Efficient
       softmax approximation for GPUs. ICML.

    Examples
    --------
    >>> from sklstm import LSTMLanguageModel
    >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
    >>> model = LSTMLanguageModel(
    ...     hidden_size=32, embedding_dim=32, max_epochs=20, random_state=0
    ... )
    >>> model.fit(texts).predict(["the cat", "the dog sat"]).tolist()
    ['sat', 'on']
    >>> model.generate("the cat", temperature=0)
    'the cat sat on the mat'
    >>> bool(model.perplexity(texts) < 2 < model.perplexity(["mat the on sat"]))
    True
    """

    _parameter_constraints: dict = {
        **{
            name: CONSTRAINTS[name]
            for name in (
                *("embedding_dim", "hidden_size", "num_layers", "dropout"),
                *("word_dropout", "max_epochs", "lr", "batch_size", "optimizer"),
                *("weight_decay", "clip_norm", "average", "early_stopping"),
                *("validation_fraction", "n_iter_no_change", "tol", "warm_start"),
                *("callbacks", "net_params", "device", "precision", "random_state"),
                "verbose",
            )
        },
        "tokenizer": [TextTokenizer, None],
        "backward": ["boolean"],
        "tie_weights": ["boolean"],
        "weight_dropout": [Interval(Real, 0, 1, closed="left")],
        "bptt": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        tokenizer=None,
        backward=False,
        embedding_dim=200,
        hidden_size=200,
        num_layers=1,
        tie_weights=True,
        dropout=0.2,
        weight_dropout=0.0,
        word_dropout=0.25,
        bptt=35,
        max_epochs=10,
        lr=0.005,
        batch_size=20,
        optimizer="adam",
        weight_decay=0.0,
        clip_norm=1.0,
        average=True,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        tol=1e-4,
        warm_start=False,
        callbacks=None,
        net_params=None,
        device="auto",
        precision="float32",
        random_state=None,
        verbose=0,
    ):
        self.tokenizer = tokenizer
        self.backward = backward
        self.embedding_dim = embedding_dim
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.tie_weights = tie_weights
        self.dropout = dropout
        self.weight_dropout = weight_dropout
        self.word_dropout = word_dropout
        self.bptt = bptt
        self.max_epochs = max_epochs
        self.lr = lr
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.average = average
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.net_params = net_params
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    # -- training

    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, *, X_val=None):
        """Train on texts.

        Parameters
        ----------
        X : iterable of str, one column of them, or iterable of lists of str
            The texts, or their words. Also token ids that carry their words, which
            TextTokenizer makes. Texts without words are skipped.
        y : None
            Ignored.
        X_val : texts, default=None
            Texts to validate on after each epoch. The epoch of the lowest validation
            loss is kept; with ``early_stopping=True`` they decide when to stop, too.

        Returns
        -------
        self : LSTMLanguageModel
            The fitted model.

        Raises
        ------
        ValueError
            If no text has words, a text is missing, training diverges, or a device or
            parameter is not available.
        TypeError
            If a text is not text.
        MemoryError
            If the network or a batch does not fit.
        """
        continued = self._goes_on(partial=False)
        check_settings(self)
        split_seed, seed = draw_seeds(self)
        documents = self._read_documents(X)
        validation = None if X_val is None else self._read_documents(X_val)
        # The words that it learns to predict are those of the texts
        followed = follow_fit(self, documents, documents, max_epochs=self.max_epochs)
        if validation is None and self.early_stopping:
            documents, validation = self._split(documents, split_seed)
        self._fit_texts(
            documents,
            validation,
            seed=seed,
            continued=continued,
            keep_states=self.warm_start,
            followed=followed,
        )

    @available_if(has_no_early_stopping)
    @all_or_nothing
    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y=None):
        """Train for one pass over some texts: a part of a corpus too large for memory.

        Parameters
        ----------
        X : texts
            As in :meth:`fit`. The tokenizer is fitted by those of the first call; words
            that first come later are unknown ones. ``TextTokenizer(vocabulary=words)``
            brings words of all calls.
        y : None
            Ignored.

        Returns
        -------
        self : LSTMLanguageModel
            The fitted model.

        Raises
        ------
        ValueError
            If no text has words, or a text is missing.
        TypeError
            If a text is not text.
        AttributeError
            If ``early_stopping`` is set: one pass has no validation part.
        """
        continued = self._goes_on(partial=True)
        self._validate_params()  # scikit-learn does it before the first call only
        check_settings(self)
        documents = self._read_documents(X)
        followed = follow_fit(self, documents, documents, max_epochs=1)
        self._fit_texts(
            documents,
            None,
            seed=draw_seeds(self)[1],
            continued=continued,
            keep_states=True,
            epochs=1,
            followed=followed,
        )

    # -- how likely texts are

    @on_one_state
    def score_samples(self, X):
        """Return the mean log-likelihood of the words of each text.

        Parameters
        ----------
        X : texts
            As in :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples,), float64
            In nats for each word, the end of the text among them: low for odd texts.
            Each text is read for itself. 0 where there is nothing to predict.
        """
        totals, lengths = self._log_likelihoods(X)[:2]
        return totals / np.maximum(lengths, 1)

    @on_one_state
    def score(self, X, y=None):
        """Return the mean log-likelihood of a word, over all texts.

        Parameters
        ----------
        X : texts
            As in :meth:`fit`; texts without words do not count.
        y : None
            Ignored.

        Returns
        -------
        float
            In nats; larger is better, so that searches can use it. It is the logarithm
            of one over the perplexity.
        """
        totals, lengths, has_words = self._log_likelihoods(X)
        if not has_words.any():
            raise ValueError(f"{type(self).__name__} found no words to score.")
        return float(totals[has_words].sum() / lengths[has_words].sum())

    def perplexity(self, X):
        """Return how many words the model hesitates between, on average.

        Parameters
        ----------
        X : texts
            As in :meth:`fit`; texts without words do not count.

        Returns
        -------
        float
            One over the geometric mean of the probabilities of all words: 1 for a model
            that knows each of them, the size of the vocabulary for one that knows
            nothing.
        """
        with np.errstate(over="ignore"):  # infinite, where a word seems impossible
            return float(np.exp(-self.score(X)))

    def _log_likelihoods(self, X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the log-likelihood and length of each text; whether it has words."""
        check_is_fitted(self)
        sequences = self._read_ids(self._read_documents(X))
        totals = total_log_likelihoods(self.net_.module_, sequences, self._first_id)
        return totals, sequences.lengths, sequences.lengths > self._n_ends

    # -- what comes next

    @property
    def classes_(self):
        """The words that can come next."""
        check_is_fitted(self)
        words = self.tokenizer_.vocabulary_
        return np.array([w for w, i in words.items() if i != PAD_ID], dtype=object)

    @on_one_state
    def predict(self, X):
        """Return the most probable next word.

        Parameters
        ----------
        X : texts
            The beginnings of texts, which may be empty; the ends where the model is a
            backward one.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            Words of ``classes_``.
        """
        best = [p.argmax(axis=1) for p in self._next_words(X)]
        return self.classes_[np.concatenate(best)]

    @on_one_state
    def predict_proba(self, X):
        """Return the probability of each next word.

        Parameters
        ----------
        X : texts
            As in :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            In the order of ``classes_``.
        """
        return np.concatenate(list(self._next_words(X)))

    def _next_words(self, X: Any) -> Iterator[np.ndarray]:
        check_is_fitted(self)
        prompts = self._read_prompts(self._read_documents(X))
        for found in next_word_log_probabilities(self.net_.module_, prompts):
            yield np.exp(found[:, PAD_ID + 1 :])

    @on_one_state
    @validate_params(
        {
            "prompt": [str, list, tuple],
            "max_tokens": [Interval(Integral, 1, None, closed="left")],
            "temperature": [Interval(Real, 0, None, closed="left")],
            "top_k": [Interval(Integral, 1, None, closed="left"), None],
            "top_p": [Interval(Real, 0, 1, closed="right"), None],
            "n": [Interval(Integral, 1, None, closed="left"), None],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def generate(
        self,
        prompt="",
        *,
        max_tokens=50,
        temperature=1.0,
        top_k=None,
        top_p=None,
        n=None,
        random_state=None,
    ):
        """Write on where a prompt ends.

        Parameters
        ----------
        prompt : str or list of str, default=""
            The beginning of a text, or its words; the end where the model is a backward
            one.
        max_tokens : int, default=50
            Words after which to stop, if the text does not end before.
        temperature : float, default=1.0
            Below 1 the probable words become more probable, above 1 less; 0 takes the
            most probable word each time.
        top_k : int or None, default=None
            Draw from so many of the most probable words.
        top_p : float or None, default=None
            Draw from those of the most probable words that are needed to reach this
            probability.
        n : int or None, default=None
            How many texts to write. None writes one and returns it, not a list.
        random_state : int, RandomState instance or None, default=None
            Seed of what is drawn.

        Returns
        -------
        str or list of str
            The prompt and what follows, words joined by spaces (characters by nothing);
            never ``<unk>``.
        """
        check_is_fitted(self)
        random_state = own_random_state(random_state)
        prompts = self._read_prompts(self._read_documents([prompt]))
        texts = Continuation(self.net_.module_, prompts, n or 1)
        end = self._first_id if self._n_ends else None
        drawn: list[np.ndarray] = []
        ended = np.zeros(n or 1, bool)
        while len(drawn) < max_tokens and not ended.all():
            if drawn:
                texts.append(drawn[-1])
            scores = texts.log_probabilities().copy()
            scores[:, UNK_ID] = -np.inf
            drawn.append(
                draw_words(
                    scores,
                    temperature=temperature,
                    top_k=top_k,
                    top_p=top_p,
                    random_state=random_state,
                )
            )
            ended |= drawn[-1] == end
        written = [self._join(prompt, row, end) for row in np.transpose(drawn)]
        return written[0] if n is None else written

    def _join(self, prompt: str | list[str], ids: np.ndarray, end: int | None) -> str:
        """Write a prompt and the words that follow it, up to the end of the text."""
        separator = "" if self.tokenizer_.analyzer == "char" else " "
        stop = np.flatnonzero(ids == end)
        words = self.classes_[ids[: stop[0]] - 1 if len(stop) else ids - 1].tolist()
        given = [prompt] if isinstance(prompt, str) else list(prompt)
        parts = [part for part in given if part]
        return separator.join(words[::-1] + parts if self.backward else parts + words)

    # -- what others can make of it

    @property
    def word_vectors_(self):
        """The embedding of each word."""
        check_is_fitted(self)
        return self._vectors_from(UNK_ID + 1 + self._n_ends)
