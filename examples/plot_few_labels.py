"""
Few labels: with vectors and without
====================================

From few labelled rows a net has to learn what words mean, besides what it is to tell.
Word vectors bring the former. The more rows have labels, the less there is to gain.

The data, news of AG News and vectors of GloVe, is looked for in ``../shared/data``, or
in the folder that the environment variable SKLSTM_DATA names.
"""

import csv
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer, load_vectors, make_baseline

data = Path(os.environ.get("SKLSTM_DATA", "../shared/data"))
if not data.exists():
    print(f"This example needs data that is not there: {data.absolute()}")
    raise SystemExit

columns = {"names": ["text", "topic"], "sep": "\t", "quoting": csv.QUOTE_NONE}
news = pd.read_csv(data / "ag_news" / "alps_dev.tsv", **columns)
train, test = news[:-1000], news[-1000:]
vectors = load_vectors(data / "vec_glove6B" / "glove.6B.50d.top10k.txt.gz")

# %%
# Each number of rows is drawn three times. Few rows are few batches, so nets see them
# more often than ten times, the default.
scores = []
for n_rows, epochs in {100: 20, 250: 20, 600: 10}.items():
    for seed in range(3):
        few = train.sample(n_rows, random_state=seed)
        lstm = LSTMClassifier(max_epochs=epochs, random_state=seed)
        knowing = clone(lstm).set_params(vectors=vectors)
        for name, model in {
            "LSTM": make_pipeline(TextTokenizer(), lstm),
            "LSTM with vectors": make_pipeline(TextTokenizer(unknown="keep"), knowing),
            "mean of vectors": make_baseline(vectors),
        }.items():
            model.fit(few["text"], few["topic"])
            scores.append((name, n_rows, model.score(test["text"], test["topic"])))
scores = pd.DataFrame(scores, columns=["model", "labelled rows", "accuracy"])
accuracy = scores.pivot_table("accuracy", "labelled rows", "model").round(3)
print(accuracy)

# %%
# With 100 rows the mean, which takes no time, is hard to beat. With more of them, the
# net that has the vectors is ahead. With 10,000, they are worth a point or nothing:
# ``benchmarks/results/vectors.md``.
ax = accuracy.plot(style="o-", logx=True, figsize=(8, 4), ylabel="accuracy")
ax.set_xticks(accuracy.index, accuracy.index)
ax.minorticks_off()
plt.show()
