"""Classifiers of LSTM layers, which can start from language models."""

from numbers import Integral
from typing import Any

from sklearn.frozen import FrozenEstimator

from sklstm._sklearn import Interval, _clone_parametrized
from sklstm.recurrent._base_classifier import BaseRecurrentClassifier
from sklstm.recurrent._encoder import Encoder, both_ways
from sklstm.recurrent._language_model import LSTMLanguageModel


class BaseLSTMClassifier(BaseRecurrentClassifier):
    """A classifier whose embedding and layers may have trained as a language model."""

    _cell = "lstm"

    _parameter_constraints: dict = {
        **BaseRecurrentClassifier._parameter_constraints,
        "encoder": "no_validation",  # _read_encoder says what is wrong
        "gradual_unfreezing": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        encoder=None,
        gradual_unfreezing=0,
        vectors=None,
        freeze_vectors=False,
        store_vectors=True,
        embedding_dim=50,
        hidden_size=64,
        num_layers=1,
        dropout=0.2,
        word_dropout=4.0,
        pooling="max",
        input_type="auto",
        class_weight=None,
        max_epochs=10,
        lr=0.005,
        batch_size=32,
        optimizer="adam",
        weight_decay=0.0,
        clip_norm=1.0,
        average=True,
        shuffle=True,
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
        super().__init__(
            vectors=vectors,
            freeze_vectors=freeze_vectors,
            store_vectors=store_vectors,
            embedding_dim=embedding_dim,
            hidden_size=hidden_size,
            num_layers=num_layers,
            dropout=dropout,
            word_dropout=word_dropout,
            pooling=pooling,
            input_type=input_type,
            class_weight=class_weight,
            max_epochs=max_epochs,
            lr=lr,
            batch_size=batch_size,
            optimizer=optimizer,
            weight_decay=weight_decay,
            clip_norm=clip_norm,
            average=average,
            shuffle=shuffle,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            tol=tol,
            warm_start=warm_start,
            callbacks=callbacks,
            net_params=net_params,
            device=device,
            precision=precision,
            random_state=random_state,
            verbose=verbose,
        )
        self.encoder = encoder
        self.gradual_unfreezing = gradual_unfreezing

    def _read_encoder(self) -> Encoder | None:
        if self.encoder is None:
            return None
        return _read_encoder(self)

    def _make_net(self, sizes, validation=None, **settings):
        return super()._make_net(
            sizes, validation, gradual_unfreezing=self.gradual_unfreezing, **settings
        )

    def __sklearn_clone__(self):
        # The encoder is data, like vectors: its clone would have learned nothing.
        bare = object.__new__(type(self))
        bare.__dict__ = {**vars(self), "encoder": None}
        twin = _clone_parametrized(bare)
        twin.encoder = self.encoder
        return twin


class LSTMClassifier(BaseLSTMClassifier):
    """Classify sequences with long short-term memory.

    Three gates and a cell state [1]_ carry information over hundreds of steps. The bias
    of the forget gate starts at 1 [2]_.

    Parameters
    ----------
    encoder : LSTMLanguageModel, default=None
        A fitted language model, from whose embedding and recurrent layers training
        starts; their sizes are taken over, whatever ``embedding_dim``, ``hidden_size``
        and ``num_layers`` say.
        Words that the labelled texts do not have are looked up in it: put
        ``TextTokenizer(unknown="keep")`` in front. ``clone`` shares it; to search over
        several, wrap each by :class:`~sklearn.frozen.FrozenEstimator`.
    gradual_unfreezing : int, default=0
        Epochs in which the head trains alone; then the uppermost layer joins it, after
        as many epochs the next, and the embedding at last. 0 trains all from the
        beginning. Give ``max_epochs`` enough for all of them.
    vectors : path, str, WordVectors, or word vectors of gensim, default=None
        Pretrained word vectors, anything that :func:`~sklstm.load_vectors` takes.
        Words of the training rows start from them, and a word that comes later is
        looked up in them: put ``TextTokenizer(unknown="keep")`` in front, which lets
        such words through. They are centred, and scaled to a standard deviation of
        0.3, all of them alike. ``clone`` copies vectors of gensim and shares a
        :class:`~sklstm.WordVectors`, so wrap the former by ``load_vectors``.
    freeze_vectors : bool, default=False
        Whether the vectors stay as they are in training; words without one train.
    store_vectors : bool, default=True
        Whether a pickle holds the vectors. Otherwise it holds the path of their file
        and a fingerprint, and loading it without that file is an error.
    embedding_dim : int, default=50
        Width of the word embedding, unless ``vectors`` give it; numbers have none.
    hidden_size : int, default=64
        Width of the hidden state.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float in [0, 1), default=0.2
        Share of units left out in training: of the embedding, between layers and
        before the head, the same ones for all steps of a row.
    word_dropout : float, default=4.0
        In training, a word that occurs ``n`` times is read as an unknown one with
        probability ``word_dropout / (word_dropout + n)``. So the net learns what to
        make of unknown words, and not to lean on rare ones.
    pooling : {"last", "mean", "max", "attention"}, default="max"
        How the states of a row become one vector: the last one, their mean or maximum
        over the steps, or a mean weighted by a learned query.
    input_type : {"auto", "tokens", "series"}, default="auto"
        What ``X`` holds. "auto" reads integers as token ids and floats as numbers.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, by label; labels left out weigh 1. "balanced" gives
        classes equal total weight over the rows that train.
    max_epochs : int, default=10
        Passes over the training rows.
    lr : float, default=0.005
        Learning rate.
    batch_size : int, default=32
        Rows of a training batch; -1 takes all.
    optimizer : str or class, default="adam"
        Name of an optimizer of :mod:`torch.optim` in lower case, or its class.
    weight_decay : float, default=0.0
        L2 penalty.
    clip_norm : float or None, default=1.0
        Largest norm of the gradients; None does not clip.
    average : bool, default=True
        Whether to validate and predict with a running mean of the weights, in which
        early steps fade.
    shuffle : bool, default=True
        Whether each epoch has batches of its own; otherwise all have the first's.
    early_stopping : bool, default=False
        Whether to set rows aside and stop when the loss there no longer falls.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows set aside by early stopping, stratified by label.
    n_iter_no_change : int, default=5
        Epochs without an improvement of ``tol`` after which training stops.
    tol : float, default=1e-4
        Smallest fall of the validation loss that is an improvement. Whatever it is,
        the epoch of the lowest loss is kept.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the fitted net.
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
        Of the recurrent layers while they train. Recent GPUs, and CPUs with AMX, are
        several times faster in bfloat16; others are slower. Weights and predictions
        are float32 in either case.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, dropout, order of rows and validation part.
    verbose : int, default=0
        1 prints a line for each epoch; 2 shows a progress bar on stderr instead.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels seen in ``fit``, sorted; column numbers for an indicator matrix.
    history_ : list of dict
        A row for each epoch: epoch, train_loss and train_accuracy (measured while
        training), valid_loss and valid_accuracy (where rows validate), seconds, and
        rows, the number of distinct rows that trained.
    n_iter_ : int
        Number of epochs run.
    embedding_dim_ : int or None
        Width of the embedding; None for numbers.
    word_vectors_ : WordVectors
        The embedding of each word of the tokenizer, as the net reads it; absent where
        ``X`` came without its vocabulary.
    best_epoch_ : int or None
        The epoch whose weights are kept; None where no rows validate.
    net_ : skorch.NeuralNet
        The trained net. Its weights are in ``state_``, a dict of ndarray, and its
        sizes in ``sizes_``, a dict.
    input_type_ : {"tokens", "series"}
        What ``X`` was read as.
    n_features_in_ : int
        Number of steps (``X.shape[1]``) in ``fit``; absent for ragged rows.
    feature_names_in_ : ndarray of str
        Column names of ``X`` in ``fit``, where it had some.

    See Also
    --------
    BiLSTMClassifier : Reads in both directions.

    Notes
    -----
    Padding, its side, the order of rows and the rows beside it do not change a
    prediction. Rows without steps are read as one step of padding.

    In the running mean of the weights the ``n``-th step has the share
    ``3 / (n + 2)``: polynomial-decay averaging (Shamir and Zhang 2013, Stochastic
    gradient descent for non-smooth optimization, ICML).

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber (1997). Long short-term memory. Neural
       Computation 9(8).
    .. [2] R. Jozefowicz, W. Zaremba and I. Sutskever (2015). An empirical exploration
       of recurrent network architectures. ICML.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequencePadder, TextTokenizer
    >>> texts = ["good", "not bad", "a good film", "bad", "not good", "a bad film"]
    >>> labels = ["liked", "liked", "liked", "disliked", "disliked", "disliked"]
    >>> model = LSTMClassifier(word_dropout=0, max_epochs=50, random_state=0)
    >>> pipe = make_pipeline(TextTokenizer(), SequencePadder(), model)
    >>> pipe.fit(texts, labels).predict(["good", "not good"]).tolist()
    ['liked', 'disliked']
    """


class BiLSTMClassifier(BaseLSTMClassifier):
    """Classify sequences with an LSTM in each direction.

    One LSTM reads a row from its start, another from its own end, so that every state
    knows what stands on both sides of its step.

    Parameters
    ----------
    encoder : pair of LSTMLanguageModel, default=None
        Two fitted language models, one of them with ``backward=True``, from whose
        embeddings (side by side) and recurrent layers training starts; their sizes are
        taken over, whatever ``embedding_dim``, ``hidden_size`` and ``num_layers`` say.
        Words that the labelled texts do not have are looked up in it: put
        ``TextTokenizer(unknown="keep")`` in front. ``clone`` shares it; to search over
        several, wrap each by :class:`~sklearn.frozen.FrozenEstimator`.
    gradual_unfreezing : int, default=0
        Epochs in which the head trains alone; then the uppermost layer joins it, after
        as many epochs the next, and the embedding at last. 0 trains all from the
        beginning. Give ``max_epochs`` enough for all of them.
    vectors : path, str, WordVectors, or word vectors of gensim, default=None
        Pretrained word vectors, anything that :func:`~sklstm.load_vectors` takes.
        Words of the training rows start from them, and a word that comes later is
        looked up in them: put ``TextTokenizer(unknown="keep")`` in front, which lets
        such words through. They are centred, and scaled to a standard deviation of
        0.3, all of them alike. ``clone`` copies vectors of gensim and shares a
        :class:`~sklstm.WordVectors`, so wrap the former by ``load_vectors``.
    freeze_vectors : bool, default=False
        Whether the vectors stay as they are in training; words without one train.
    store_vectors : bool, default=True
        Whether a pickle holds the vectors. Otherwise it holds the path of their file
        and a fingerprint, and loading it without that file is an error.
    embedding_dim : int, default=50
        Width of the word embedding, unless ``vectors`` give it; numbers have none.
    hidden_size : int, default=64
        Width of the hidden state, for each direction.
    num_layers : int, default=1
        Number of recurrent layers.
    dropout : float in [0, 1), default=0.2
        Share of units left out in training: of the embedding, between layers and
        before the head, the same ones for all steps of a row.
    word_dropout : float, default=4.0
        In training, a word that occurs ``n`` times is read as an unknown one with
        probability ``word_dropout / (word_dropout + n)``. So the net learns what to
        make of unknown words, and not to lean on rare ones.
    pooling : {"last", "mean", "max", "attention"}, default="max"
        How the states of a row become one vector: the last one, their mean or maximum
        over the steps, or a mean weighted by a learned query.
    input_type : {"auto", "tokens", "series"}, default="auto"
        What ``X`` holds. "auto" reads integers as token ids and floats as numbers.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, by label; labels left out weigh 1. "balanced" gives
        classes equal total weight over the rows that train.
    max_epochs : int, default=10
        Passes over the training rows.
    lr : float, default=0.005
        Learning rate.
    batch_size : int, default=32
        Rows of a training batch; -1 takes all.
    optimizer : str or class, default="adam"
        Name of an optimizer of :mod:`torch.optim` in lower case, or its class.
    weight_decay : float, default=0.0
        L2 penalty.
    clip_norm : float or None, default=1.0
        Largest norm of the gradients; None does not clip.
    average : bool, default=True
        Whether to validate and predict with a running mean of the weights, in which
        early steps fade.
    shuffle : bool, default=True
        Whether each epoch has batches of its own; otherwise all have the first's.
    early_stopping : bool, default=False
        Whether to set rows aside and stop when the loss there no longer falls.
    validation_fraction : float in (0, 1), default=0.1
        Share of the rows set aside by early stopping, stratified by label.
    n_iter_no_change : int, default=5
        Epochs without an improvement of ``tol`` after which training stops.
    tol : float, default=1e-4
        Smallest fall of the validation loss that is an improvement. Whatever it is,
        the epoch of the lowest loss is kept.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the fitted net.
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
        Of the recurrent layers while they train. Recent GPUs, and CPUs with AMX, are
        several times faster in bfloat16; others are slower. Weights and predictions
        are float32 in either case.
    random_state : int, RandomState instance or None, default=None
        Seed of weights, dropout, order of rows and validation part.
    verbose : int, default=0
        1 prints a line for each epoch; 2 shows a progress bar on stderr instead.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels seen in ``fit``, sorted; column numbers for an indicator matrix.
    history_ : list of dict
        A row for each epoch: epoch, train_loss and train_accuracy (measured while
        training), valid_loss and valid_accuracy (where rows validate), seconds, and
        rows, the number of distinct rows that trained.
    n_iter_ : int
        Number of epochs run.
    embedding_dim_ : int or None
        Width of the embedding; None for numbers.
    word_vectors_ : WordVectors
        The embedding of each word of the tokenizer, as the net reads it; absent where
        ``X`` came without its vocabulary.
    best_epoch_ : int or None
        The epoch whose weights are kept; None where no rows validate.
    net_ : skorch.NeuralNet
        The trained net. Its weights are in ``state_``, a dict of ndarray, and its
        sizes in ``sizes_``, a dict.
    input_type_ : {"tokens", "series"}
        What ``X`` was read as.
    n_features_in_ : int
        Number of steps (``X.shape[1]``) in ``fit``; absent for ragged rows.
    feature_names_in_ : ndarray of str
        Column names of ``X`` in ``fit``, where it had some.

    See Also
    --------
    LSTMClassifier : Reads in one direction, in half the time.

    Notes
    -----
    Padding, its side, the order of rows and the rows beside it do not change a
    prediction. Rows without steps are read as one step of padding.

    In the running mean of the weights the ``n``-th step has the share
    ``3 / (n + 2)``: polynomial-decay averaging (Shamir and Zhang 2013, Stochastic
    gradient descent for non-smooth optimization, ICML).

    References
    ----------
    .. [1] A. Graves and J. Schmidhuber (2005). Framewise phoneme classification with
       bidirectional LSTM and other neural network architectures. Neural Networks 18.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import BiLSTMClassifier, SequencePadder, TextTokenizer
    >>> texts = ["good", "not bad", "a good film", "bad", "not good", "a bad film"]
    >>> labels = ["liked", "liked", "liked", "disliked", "disliked", "disliked"]
    >>> model = BiLSTMClassifier(word_dropout=0, max_epochs=50, random_state=0)
    >>> pipe = make_pipeline(TextTokenizer(), SequencePadder(), model)
    >>> pipe.fit(texts, labels).predict(["good", "not good"]).tolist()
    ['liked', 'disliked']
    """

    _bidirectional = True


def _read_encoder(estimator: Any) -> Encoder:
    """Read the encoder of an LSTM classifier: a language model, or one each way.

    Parameters
    ----------
    estimator : LSTMClassifier or BiLSTMClassifier
        Has a parameter ``encoder``.

    Returns
    -------
    Encoder

    Raises
    ------
    TypeError
        If it is not a language model, or not a pair of them for two directions.
    ValueError
        If a model is not fitted, reads in the wrong direction, or does not fit the
        other one, or if vectors are given as well.
    """
    name = type(estimator).__name__
    if estimator.vectors is not None:
        raise ValueError(
            f"{name} takes either vectors or an encoder, which has vectors of its own."
        )
    given = estimator.encoder
    if not estimator._bidirectional:
        return _model(name, given, backward=False)._as_encoder()
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise TypeError(
            f"{name} takes a pair of language models as encoder, the second one with "
            f"backward=True; found {given!r:.80}."
        )
    ahead, back = (
        _model(name, model, backward=backward)._as_encoder()
        for model, backward in zip(given, (False, True), strict=True)
    )
    return both_ways(ahead, back, name)


def _model(name: str, model: Any, *, backward: bool) -> LSTMLanguageModel:
    """Return a fitted language model that reads in one direction."""
    if isinstance(model, FrozenEstimator):
        model = model.estimator
    if not isinstance(model, LSTMLanguageModel):
        raise TypeError(
            f"{name} takes an LSTMLanguageModel as encoder, found {model!r:.80}."
        )
    if not hasattr(model, "state_"):
        raise ValueError(
            f"The encoder of {name} is not fitted. Fit it first; if it was, a clone "
            "lost what it learned: wrap it by sklearn.frozen.FrozenEstimator."
        )
    if model.backward != backward:
        raise ValueError(
            f"{name} takes a language model with backward={backward} here, found "
            f"backward={model.backward}."
        )
    return model
