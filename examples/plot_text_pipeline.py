"""
From a column of text to a learning curve
=========================================

Raw text in, labels as they are: three steps make a pipeline, and scikit-learn
cross-validates it like any other. How many labelled rows does it take before reading
word by word beats counting words?
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import learning_curve
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequencePadder, TextTokenizer
from sklstm.datasets import make_reviews

texts, labels = make_reviews(n_samples=2400, random_state=0)
reviews = pd.DataFrame({"text": texts, "verdict": labels})
print(reviews.head(3).to_string(index=False))

# %%
# The vocabulary, the longest row and the classes are learned in ``fit``, so every fold
# has its own, and nothing of a test row gets into training. The baseline counts words
# and pairs of words, which know "not bad"; its ``C`` is better here than 1.
net = LSTMClassifier(lr=0.02, batch_size=128, random_state=0)
counts = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
models = {
    "TF-IDF": make_pipeline(counts, LogisticRegression(C=10)),
    "LSTM": make_pipeline(TextTokenizer(), SequencePadder(), net),
}

# %%
# Each model trains on more and more rows of two folds, and is tested on the third.
options = {"cv": 3, "shuffle": True, "random_state": 0}
options["train_sizes"] = [100, 200, 400, 800, 1600]
curves = {}
for name, model in models.items():
    sizes, _, scores = learning_curve(
        model, reviews["text"], reviews["verdict"], **options
    )
    curves[name] = pd.DataFrame(scores, index=sizes)
    print(f"{name:6}", *(f"{score:.3f}" for score in scores.mean(axis=1)))

# %%
# With few labels TF-IDF is the better choice, and it trains in a moment. But it knows
# only the pairs of words that it has seen; the LSTM learns what "not" and "but" do to
# any word. That takes rows, and then pays. Bands go from the worst fold to the best.
ax = plt.subplots(figsize=(8, 4.5), layout="constrained")[1]
for (name, curve), colour in zip(curves.items(), ("C1", "C0"), strict=True):
    ax.plot(curve.mean(axis=1), "o-", color=colour, label=name)
    worst, best = curve.min(axis=1), curve.max(axis=1)
    ax.fill_between(curve.index, worst, best, color=colour, alpha=0.2)
ax.set(xscale="log", xlabel="labelled reviews", ylabel="accuracy on other reviews")
ax.set_xticks(curve.index, curve.index)
ax.minorticks_off()
ax.legend()
plt.show()
