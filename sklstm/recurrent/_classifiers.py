"""Recurrent classifiers: one label, or a set of labels, for each whole sequence."""

from sklstm.recurrent._base_classifier import BaseRecurrentClassifier


class LSTMClassifier(BaseRecurrentClassifier):
    """LSTM."""

    _cell = "lstm"


class BiLSTMClassifier(BaseRecurrentClassifier):
    """BiLSTM."""

    _cell = "lstm"
    _bidirectional = True


class GRUClassifier(BaseRecurrentClassifier):
    """GRU."""

    _cell = "gru"


class RNNClassifier(BaseRecurrentClassifier):
    """RNN."""

    _cell = "rnn"
