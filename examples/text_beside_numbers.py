"""Text beside numbers: hidden states of an LSTM next to scaled columns.

A recurrent net is a transformer too, so a ``ColumnTransformer`` can put its hidden
states beside other columns. But a net has seen the labels of the rows it was fitted on:
there its states know too much, and the final classifier trusts them too much.
``StackingClassifier`` hands on what a net says of rows that it was not fitted on.

    python examples/text_beside_numbers.py
"""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, TextTokenizer
from sklstm.datasets import make_reviews

NUMBERS = ["seats sold", "minutes seen"]


def make_data(n_samples=1200, seed=0):
    """Return generated reviews beside two numbers; one label in five is wrong."""
    rng = np.random.RandomState(seed)
    texts, verdicts = make_reviews(n_samples, random_state=seed)
    liked = (verdicts == "positive") ^ (rng.uniform(size=n_samples) < 0.2)
    frame = pd.DataFrame({"text": texts})
    for name in NUMBERS:
        frame[name] = 100 + 20 * liked + rng.normal(scale=20, size=n_samples)
    return frame, np.where(liked, "returns", "leaves")


def lstm():
    """Return the text branch, small and quick."""
    return make_pipeline(
        TextTokenizer(), LSTMClassifier(hidden_size=32, max_epochs=8, random_state=0)
    )


def in_sample():
    """Hidden states of the rows the net was fitted on, beside the numbers."""
    columns = make_column_transformer((lstm(), "text"), (StandardScaler(), NUMBERS))
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def cross_fitted():
    """Answers of nets fitted on other rows, beside those of the numbers."""
    text = make_column_transformer(("passthrough", ["text"]))
    numbers = make_column_transformer((StandardScaler(), NUMBERS))
    branches = [
        ("text", make_pipeline(text, lstm())),
        ("numbers", make_pipeline(numbers, LogisticRegression())),
    ]
    return StackingClassifier(branches, LogisticRegression(), cv=5)


def main():
    """Compare the two recipes on rows that neither has seen."""
    frame, y = make_data()
    train, test, y_train, y_test = train_test_split(frame, y, random_state=0)
    alone = lstm().fit(train["text"], y_train).score(test["text"], y_test)
    print(f"text alone                   {alone:.3f}")
    for name, model in [("in sample", in_sample()), ("cross-fitted", cross_fitted())]:
        model.fit(train, y_train)
        seen, unseen = model.score(train, y_train), model.score(test, y_test)
        print(f"text and numbers, {name:12} {unseen:.3f} (rows of fit: {seen:.3f})")


if __name__ == "__main__":
    main()
