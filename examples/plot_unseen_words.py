"""
Words that never trained
========================

Trained on a few labelled texts, a net meets words in new texts that it has never seen.
As a rule it reads them all as ``<unk>``. With word vectors and
``TextTokenizer(unknown="keep")`` it looks them up.

The data, news of AG News and vectors of GloVe, is looked for in ``../shared/data``, or
in the folder that the environment variable SKLSTM_DATA names.
"""

import csv
import os
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer, load_vectors

data = Path(os.environ.get("SKLSTM_DATA", "../shared/data"))
if not data.exists():
    print(f"This example needs data that is not there: {data.absolute()}")
    raise SystemExit

columns = {"names": ["text", "topic"], "sep": "\t", "quoting": csv.QUOTE_NONE}
news = pd.read_csv(data / "ag_news" / "alps_dev.tsv", **columns)
train, test = news[:-2000], news[-2000:]
vectors = load_vectors(data / "vec_glove6B" / "glove.6B.50d.top10k.txt.gz")

# %%
# Five times 150 labelled rows. For each test row: was the net right, and which share of
# its words had never trained?
runs = []
for seed in range(5):
    few = train.sample(150, random_state=seed)
    hits = pd.DataFrame()
    for name, unknown in {"read as <unk>": "unk", "looked up": "keep"}.items():
        net = LSTMClassifier(vectors=vectors, max_epochs=20, random_state=seed)
        model = make_pipeline(TextTokenizer(unknown=unknown), net)
        model.fit(few["text"], few["topic"])
        hits[name] = model.predict(test["text"]) == test["topic"]
    words = model[0].vocabulary_
    new = [(row >= len(words)).mean() for row in model[0].transform(test["text"])]
    runs.append(hits.assign(unseen=new))
hits = pd.concat(runs)

# %%
# The more words of a text are new, the more it helps to look them up.
bins = pd.cut(hits.pop("unseen"), [0, 0.2, 0.3, 0.4, 1], include_lowest=True)
accuracy = hits.groupby(bins, observed=True).mean()
print(accuracy.round(3))
_, ax = plt.subplots(figsize=(8, 4), layout="constrained")
labels = ["up to 20 %", "20 to 30 %", "30 to 40 %", "over 40 %"]
ax.plot(labels, accuracy, "o-", label=accuracy.columns)
ax.set(xlabel="words of the text that never trained", ylabel="accuracy")
ax.legend(title="these words are")
plt.show()
