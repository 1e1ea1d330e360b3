"""Recurrent regressors: one number, or a row of numbers, for each whole sequence."""

from sklstm._sklearn import StrOptions
from sklstm.recurrent._base_regressor import BaseRecurrentRegressor


class RNNRegressor(BaseRecurrentRegressor):
    """Predict numbers from sequences with a plain recurrent net (Elman).

    Each state is a function of the step and of the state before it. Simple
    and quick to teach with, but it forgets after a few dozen steps.

    Parameters
    ----------
    nonlinearity : {"tanh", "relu"}, default="tanh"
        Applied to each state.
    loss : {"squared_error", "absolute_error", "huber", "quantile"}, \
            default="squared_error"
        What training makes small: it leads to the mean, the median, something between
        the two, or the ``quantile`` of what a row leaves open.
    quantile : float in (0, 1), default=0.5
        Share of the targets that are to lie below the prediction, for
        ``loss="quantile"``.
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
    dropout : float in [0, 1), default=0.1
        Share of units left out in training: of the embedding, between layers and
        before the head, the same ones for all steps of a row.
    word_dropout : float, default=4.0
        In training, a word that occurs ``n`` times is read as an unknown one with
        probability ``word_dropout / (word_dropout + n)``. So the net learns what to
        make of unknown words, and not to lean on rare ones.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How the states of a row become one vector: the last one, their mean or maximum
        over the steps, or a mean weighted by a learned query. For texts try "max".
    input_type : {"auto", "tokens", "series"}, default="auto"
        What ``X`` holds. "auto" reads integers as token ids and floats as numbers.
    max_epochs : int, default=30
        Passes over the training rows.
    lr : float, default=0.01
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
        Share of the rows set aside by early stopping, whatever their targets.
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
    target_mean_, target_scale_ : ndarray of shape (n_outputs,), float64
        Mean and standard deviation of the targets that trained.
    history_ : list of dict
        A row for each epoch: epoch, train_loss (measured while training), valid_loss
        (where rows validate), seconds, and rows, the number of distinct rows that
        trained. Losses are those of standardised targets.
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
    LSTMRegressor : Has gates, and remembers longer.

    Notes
    -----
    Padding, its side, the order of rows and the rows beside it do not change a
    prediction. Rows without steps are read as one step of padding.

    In the running mean of the weights the ``n``-th step has the share
    ``3 / (n + 2)``: polynomial-decay averaging (Shamir and Zhang 2013, Stochastic
    gradient descent for non-smooth optimization, ICML).

    References
    ----------
    .. [1] J. L. Elman (1990). Finding structure in time. Cognitive Science 14.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import RNNRegressor
    >>> X = np.random.RandomState(0).uniform(size=(200, 10, 2))
    >>> y = X[:, -3:, 0].sum(axis=1)
    >>> model = RNNRegressor(max_epochs=30, random_state=0).fit(X, y)
    >>> model.predict(X[:5]).shape
    (5,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    _cell = "rnn"

    _parameter_constraints: dict = {
        **BaseRecurrentRegressor._parameter_constraints,
        "nonlinearity": [StrOptions({"tanh", "relu"})],
    }

    def __init__(
        self,
        *,
        nonlinearity="tanh",
        loss="squared_error",
        quantile=0.5,
        vectors=None,
        freeze_vectors=False,
        store_vectors=True,
        embedding_dim=50,
        hidden_size=64,
        num_layers=1,
        dropout=0.1,
        word_dropout=4.0,
        pooling="last",
        input_type="auto",
        max_epochs=30,
        lr=0.01,
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
            loss=loss,
            quantile=quantile,
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
        self.nonlinearity = nonlinearity


class GRURegressor(BaseRecurrentRegressor):
    """Predict numbers from sequences with gated recurrent units.

    Two gates decide what a state keeps. It has fewer weights than an LSTM and, on a
    CPU, where torch has no fused kernel for it, takes about twice as long.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "quantile"}, \
            default="squared_error"
        What training makes small: it leads to the mean, the median, something between
        the two, or the ``quantile`` of what a row leaves open.
    quantile : float in (0, 1), default=0.5
        Share of the targets that are to lie below the prediction, for
        ``loss="quantile"``.
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
    dropout : float in [0, 1), default=0.1
        Share of units left out in training: of the embedding, between layers and
        before the head, the same ones for all steps of a row.
    word_dropout : float, default=4.0
        In training, a word that occurs ``n`` times is read as an unknown one with
        probability ``word_dropout / (word_dropout + n)``. So the net learns what to
        make of unknown words, and not to lean on rare ones.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How the states of a row become one vector: the last one, their mean or maximum
        over the steps, or a mean weighted by a learned query. For texts try "max".
    input_type : {"auto", "tokens", "series"}, default="auto"
        What ``X`` holds. "auto" reads integers as token ids and floats as numbers.
    max_epochs : int, default=30
        Passes over the training rows.
    lr : float, default=0.01
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
        Share of the rows set aside by early stopping, whatever their targets.
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
    target_mean_, target_scale_ : ndarray of shape (n_outputs,), float64
        Mean and standard deviation of the targets that trained.
    history_ : list of dict
        A row for each epoch: epoch, train_loss (measured while training), valid_loss
        (where rows validate), seconds, and rows, the number of distinct rows that
        trained. Losses are those of standardised targets.
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
    LSTMRegressor : Has three gates and a cell state.

    Notes
    -----
    Padding, its side, the order of rows and the rows beside it do not change a
    prediction. Rows without steps are read as one step of padding.

    In the running mean of the weights the ``n``-th step has the share
    ``3 / (n + 2)``: polynomial-decay averaging (Shamir and Zhang 2013, Stochastic
    gradient descent for non-smooth optimization, ICML).

    References
    ----------
    .. [1] K. Cho et al. (2014). Learning phrase representations using RNN
       encoder-decoder for statistical machine translation. EMNLP.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import GRURegressor
    >>> X = np.random.RandomState(0).uniform(size=(200, 10, 2))
    >>> y = X[:, -3:, 0].sum(axis=1)
    >>> model = GRURegressor(max_epochs=30, random_state=0).fit(X, y)
    >>> model.predict(X[:5]).shape
    (5,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    _cell = "gru"


class LSTMRegressor(BaseRecurrentRegressor):
    """Predict numbers from sequences with long short-term memory.

    Three gates and a cell state [1]_ carry information over hundreds of steps. The bias
    of the forget gate starts at 1 [2]_.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "quantile"}, \
            default="squared_error"
        What training makes small: it leads to the mean, the median, something between
        the two, or the ``quantile`` of what a row leaves open.
    quantile : float in (0, 1), default=0.5
        Share of the targets that are to lie below the prediction, for
        ``loss="quantile"``.
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
    dropout : float in [0, 1), default=0.1
        Share of units left out in training: of the embedding, between layers and
        before the head, the same ones for all steps of a row.
    word_dropout : float, default=4.0
        In training, a word that occurs ``n`` times is read as an unknown one with
        probability ``word_dropout / (word_dropout + n)``. So the net learns what to
        make of unknown words, and not to lean on rare ones.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How the states of a row become one vector: the last one, their mean or maximum
        over the steps, or a mean weighted by a learned query. For texts try "max".
    input_type : {"auto", "tokens", "series"}, default="auto"
        What ``X`` holds. "auto" reads integers as token ids and floats as numbers.
    max_epochs : int, default=30
        Passes over the training rows.
    lr : float, default=0.01
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
        Share of the rows set aside by early stopping, whatever their targets.
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
    target_mean_, target_scale_ : ndarray of shape (n_outputs,), float64
        Mean and standard deviation of the targets that trained.
    history_ : list of dict
        A row for each epoch: epoch, train_loss (measured while training), valid_loss
        (where rows validate), seconds, and rows, the number of distinct rows that
        trained. Losses are those of standardised targets.
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
    BiLSTMRegressor : Reads in both directions.

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
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> X = np.random.RandomState(0).uniform(size=(200, 10, 2))
    >>> y = X[:, -3:, 0].sum(axis=1)
    >>> model = LSTMRegressor(max_epochs=30, random_state=0).fit(X, y)
    >>> model.predict(X[:5]).shape
    (5,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    _cell = "lstm"


class BiLSTMRegressor(BaseRecurrentRegressor):
    """Predict numbers from sequences with an LSTM in each direction.

    One LSTM reads a row from its start, another from its own end, so that every state
    knows what stands on both sides of its step.

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "quantile"}, \
            default="squared_error"
        What training makes small: it leads to the mean, the median, something between
        the two, or the ``quantile`` of what a row leaves open.
    quantile : float in (0, 1), default=0.5
        Share of the targets that are to lie below the prediction, for
        ``loss="quantile"``.
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
    dropout : float in [0, 1), default=0.1
        Share of units left out in training: of the embedding, between layers and
        before the head, the same ones for all steps of a row.
    word_dropout : float, default=4.0
        In training, a word that occurs ``n`` times is read as an unknown one with
        probability ``word_dropout / (word_dropout + n)``. So the net learns what to
        make of unknown words, and not to lean on rare ones.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How the states of a row become one vector: the last one, their mean or maximum
        over the steps, or a mean weighted by a learned query. For texts try "max".
    input_type : {"auto", "tokens", "series"}, default="auto"
        What ``X`` holds. "auto" reads integers as token ids and floats as numbers.
    max_epochs : int, default=30
        Passes over the training rows.
    lr : float, default=0.01
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
        Share of the rows set aside by early stopping, whatever their targets.
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
    target_mean_, target_scale_ : ndarray of shape (n_outputs,), float64
        Mean and standard deviation of the targets that trained.
    history_ : list of dict
        A row for each epoch: epoch, train_loss (measured while training), valid_loss
        (where rows validate), seconds, and rows, the number of distinct rows that
        trained. Losses are those of standardised targets.
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
    LSTMRegressor : Reads in one direction, in half the time.

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
    >>> import numpy as np
    >>> from sklstm import BiLSTMRegressor
    >>> X = np.random.RandomState(0).uniform(size=(200, 10, 2))
    >>> y = X[:, -3:, 0].sum(axis=1)
    >>> model = BiLSTMRegressor(max_epochs=30, random_state=0).fit(X, y)
    >>> model.predict(X[:5]).shape
    (5,)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    _cell = "lstm"
    _bidirectional = True
