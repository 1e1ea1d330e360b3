"""The systems that speed.py compares, each with ``fit`` and ``predict_proba``.

All but the last two have the network, the batch size, the learning rate and the number
of epochs of ``hand_loop``. Libraries are imported by the systems that use them.
"""

import os
from contextlib import suppress

import numpy as np
from documents import N_WORDS
from hand_loop import BATCH, EMBEDDING, HIDDEN, LR, HandLoop


class Hand:
    """The hand-written loop."""

    name = "hand-written loop"
    reads = "padded"
    dtype = None

    def __init__(self, bidirectional, epochs, seed, device):
        self.loop = HandLoop(bidirectional, epochs, seed, N_WORDS, device, self.dtype)
        self.fit, self.predict_proba = self.loop.fit, self.loop.predict_proba


class HandBfloat16(Hand):
    """The same in bfloat16."""

    name = "hand-written loop, bfloat16"

    def __init__(self, *settings):
        import torch

        self.dtype = torch.bfloat16
        super().__init__(*settings)


class Sklstm:
    """sklstm from token ids, all that the hand-written loop lacks switched off."""

    name = "sklstm"
    reads = "ids"
    settings = dict(
        dropout=0.0, word_dropout=0.0, average=False, clip_norm=None, pooling="last"
    )

    def __init__(self, bidirectional, epochs, seed, device):
        import sklstm

        cls = sklstm.BiLSTMClassifier if bidirectional else sklstm.LSTMClassifier
        self.model = cls(
            embedding_dim=EMBEDDING,
            hidden_size=HIDDEN,
            batch_size=BATCH,
            lr=LR,
            max_epochs=epochs,
            random_state=seed,
            input_type="tokens",
            device=device,
            **self.settings,
        )

    def fit(self, documents):
        """Train."""
        self.model.fit(documents.ids, documents.y)

    def predict_proba(self, documents):
        """Return the probability of the second class."""
        return self.model.predict_proba(documents.ids)[:, 1]


class SklstmDefaults(Sklstm):
    """With dropout, word dropout, averaging, clipping and max pooling."""

    name = "sklstm, all defaults on"
    settings = {}


class SklstmBfloat16(Sklstm):
    """In bfloat16."""

    name = "sklstm, bfloat16"
    settings = dict(Sklstm.settings, precision="bfloat16")


class SkorchPadded:
    """skorch as its documentation shows it, on a padded matrix."""

    name = "skorch, padded"
    reads = "padded"
    packed = False

    def __init__(self, bidirectional, epochs, seed, device):
        import torch
        from skorch import NeuralNetClassifier

        torch.manual_seed(seed)
        packed = self.packed

        class Module(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = torch.nn.Embedding(N_WORDS, EMBEDDING, padding_idx=0)
                self.lstm = torch.nn.LSTM(
                    EMBEDDING, HIDDEN, batch_first=True, bidirectional=bidirectional
                )
                width = HIDDEN * (2 if bidirectional else 1)
                self.head = torch.nn.Linear(width, 2)

            def forward(self, ids, lengths):
                x = self.embedding(ids)
                if packed:
                    x = torch.nn.utils.rnn.pack_padded_sequence(
                        x, lengths.cpu(), batch_first=True, enforce_sorted=False
                    )
                    last = torch.cat(tuple(self.lstm(x)[1][0]), dim=1)
                    return self.head(last)
                states = self.lstm(x)[0]
                rows = torch.arange(len(ids), device=ids.device)
                last = states[rows, lengths - 1, :HIDDEN]
                if bidirectional:  # reads the padding first, as many do
                    last = torch.cat([last, states[:, 0, HIDDEN:]], dim=1)
                return self.head(last)

        self.net = NeuralNetClassifier(
            Module,
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            lr=LR,
            batch_size=BATCH,
            max_epochs=epochs,
            iterator_train__shuffle=True,
            train_split=None,
            device=device,
            verbose=0,
        )

    def _inputs(self, documents):
        return {"ids": documents.padded, "lengths": documents.lengths}

    def fit(self, documents):
        """Train."""
        self.net.fit(self._inputs(documents), documents.y)

    def predict_proba(self, documents):
        """Return the probability of the second class."""
        scores = self.net.predict_proba(self._inputs(documents))  # softmax by skorch
        return scores[:, 1]


class SkorchPacked(SkorchPadded):
    """skorch with ``pack_padded_sequence``."""

    name = "skorch, packed"
    packed = True


def keras_model(bidirectional):
    """Keras as its documentation shows it: ``mask_zero`` in the embedding."""
    import keras

    lstm = keras.layers.LSTM(HIDDEN)
    model = keras.Sequential(
        [
            keras.layers.Input((None,), dtype="int32"),
            keras.layers.Embedding(N_WORDS, EMBEDDING, mask_zero=True),
            keras.layers.Bidirectional(lstm) if bidirectional else lstm,
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(LR), "sparse_categorical_crossentropy")
    return model


class Keras:
    """Keras on TensorFlow."""

    name = "Keras"
    reads = "padded"

    def __init__(self, bidirectional, epochs, seed, device):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import keras

        keras.utils.set_random_seed(seed)
        self.model, self.epochs = keras_model(bidirectional), epochs

    def fit(self, documents):
        """Train."""
        x, y = documents.padded.astype(np.int32), documents.y
        self.model.fit(x, y, batch_size=BATCH, epochs=self.epochs, verbose=0)

    def predict_proba(self, documents):
        """Return the probability of the second class."""
        x = documents.padded.astype(np.int32)
        return self.model.predict(x, batch_size=256, verbose=0)[:, 1]


class Scikeras:
    """scikeras around the same model."""

    name = "scikeras"
    reads = "padded"

    def __init__(self, bidirectional, epochs, seed, device):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        from scikeras.wrappers import KerasClassifier

        self.model = KerasClassifier(
            keras_model,
            model__bidirectional=bidirectional,
            batch_size=BATCH,
            epochs=epochs,
            random_state=seed,
            verbose=0,
        )

    def fit(self, documents):
        """Train."""
        self.model.fit(documents.padded.astype(np.int32), documents.y)

    def predict_proba(self, documents):
        """Return the probability of the second class."""
        return self.model.predict_proba(documents.padded.astype(np.int32))[:, 1]


class TfidfLogistic:
    """What a user of scikit-learn takes first; from texts."""

    name = "TF-IDF + logistic regression"
    reads = "texts"

    def __init__(self, bidirectional, epochs, seed, device):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        self.model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))

    def fit(self, documents):
        """Train."""
        self.model.fit(documents.texts, documents.y)

    def predict_proba(self, documents):
        """Return the probability of the second class."""
        return self.model.predict_proba(documents.texts)[:, 1]


class FastText:
    """fastText, five epochs; from texts, through the file that it reads."""

    name = "fastText"
    reads = "texts"

    def __init__(self, bidirectional, epochs, seed, device):
        self.seed = seed

    def fit(self, documents):
        """Train."""
        import tempfile

        import fasttext

        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            rows = zip(documents.y, documents.texts, strict=True)
            file.writelines(f"__label__{y} {text}\n" for y, text in rows)
            file.flush()
            # Its threads may run into "Encountered NaN" on few documents
            for n_threads in (2, 2, 1):
                with suppress(RuntimeError):
                    self.model = fasttext.train_supervised(
                        file.name, epoch=5, dim=EMBEDDING, thread=n_threads, verbose=0
                    )
                    return

    def predict_proba(self, documents):
        """Return the probability of the second class."""
        # Its Python wrapper fails with NumPy 2 on single texts
        labels, shares = self.model.f.multilinePredict(
            documents.texts, 1, 0.0, "strict"
        )
        share = np.array([s[0] for s in shares]).clip(0, 1)
        second = np.array([label[0] == "__label__1" for label in labels])
        return np.where(second, share, 1 - share)


SYSTEMS = {
    cls.__name__: cls
    for cls in (
        Hand,
        HandBfloat16,
        Sklstm,
        SklstmDefaults,
        SklstmBfloat16,
        SkorchPadded,
        SkorchPacked,
        Keras,
        Scikeras,
        TfidfLogistic,
        FastText,
    )
}
