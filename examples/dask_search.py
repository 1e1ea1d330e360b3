"""Search on a cluster: fits on the workers of Dask, answers for a Dask DataFrame.

Without an argument, the cluster is two processes of this machine. With the address of
a scheduler it is whatever is there, and nothing else is different.

    python examples/dask_search.py
    python examples/dask_search.py tcp://10.0.0.1:8786
"""

import sys

import dask
import dask.dataframe as dd
import pandas as pd
from dask.distributed import Client
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer, train_vectors
from sklstm.cluster import use_dask
from sklstm.datasets import make_reviews


def connect(address=None):
    """Return a client of that scheduler, or of a cluster that it starts here."""
    if address is not None:
        return Client(address)
    return Client(n_workers=2, threads_per_worker=1, dashboard_address=":0")


def search(client):
    """Search where the workers are, which get the word vectors once."""
    unlabelled, _ = make_reviews(3000, max_words=10, random_state=1)
    vectors = train_vectors(unlabelled, vector_size=20, random_state=0)
    lstm = LSTMClassifier(vectors=vectors, max_epochs=5, random_state=0)
    pipe = make_pipeline(TextTokenizer(unknown="keep"), lstm)
    grid = {"lstmclassifier__lr": [0.005, 0.02, 0.05]}
    texts, labels = make_reviews(1000, max_words=10, random_state=0)
    with use_dask(client, vectors=vectors):
        return GridSearchCV(pipe, grid, cv=2).fit(texts, labels)


def answer(part, model):
    """Return one partition with a column of verdicts."""
    return part.assign(verdict=model.predict(part["review"]) if len(part) else "")


def main(*address):
    """Search, and let the best model answer a frame of many partitions."""
    with connect(*address) as client:
        found = search(client)
        print(f"best: {found.best_params_}, accuracy {found.best_score_:.3f}")

        texts, labels = make_reviews(1000, max_words=10, random_state=2)
        frame = pd.DataFrame({"review": texts, "truth": labels})
        reviews = dd.from_pandas(frame, npartitions=8)
        model = dask.delayed(found.best_estimator_)  # which travels once to each worker
        columns = {**reviews.dtypes, "verdict": "str"}
        answered = reviews.map_partitions(answer, model, meta=columns).compute()
        right = (answered["verdict"] == answered["truth"]).mean()
        print(f"{len(answered)} answers, {right:.1%} of them right")


if __name__ == "__main__":
    main(*sys.argv[1:])
