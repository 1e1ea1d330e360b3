"""
Sentiment of reviews, and the most wrong of them
================================================

A BiLSTM judges raw reviews, labels as they come. Look at the reviews that it is most
wrong about, and at what it made of them word by word: errors say more than accuracy.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import classification_report
from sklearn.pipeline import make_pipeline

from sklstm import BiLSTMClassifier, TextTokenizer
from sklstm.datasets import make_reviews

texts, labels = make_reviews(n_samples=2000, random_state=0)
new_texts, new_labels = make_reviews(n_samples=1000, random_state=1)

model = make_pipeline(TextTokenizer(), BiLSTMClassifier(random_state=0))
model.fit(texts, labels)
print(classification_report(new_labels, model.predict(new_texts), digits=3))

# %%
# The most wrong reviews are those whose true label gets the lowest probability.
reviews = pd.DataFrame({"review": new_texts, "label": new_labels})
truth = np.searchsorted(model.classes_, new_labels)
reviews["p_true"] = model.predict_proba(new_texts)[np.arange(len(truth)), truth]
worst = reviews.sort_values("p_true").head(4)
print(worst.to_string(index=False, float_format="{:.3f}".format))

# %%
# Such a review is read again, cut after its first word, its second, and so on. At the
# largest jump to the wrong side stands the word that misled the net, as a rule one that
# trained in few of the 2,000 reviews. More reviews would help.
figure, axes = plt.subplots(2, 2, figsize=(10, 6), sharey=True, layout="constrained")
for ax, row in zip(axes.flat, worst.itertuples(), strict=True):
    words = row.review.split()
    starts = [" ".join(words[: n + 1]) for n in range(len(words))]
    positive = model.predict_proba(starts)[:, 1]
    to_the_wrong = np.diff(positive) * (1 if row.label == "negative" else -1)
    word = words[1 + to_the_wrong.argmax()].strip(",")
    seen = labels[pd.Series(texts).str.contains(rf"\b{word}\b")]
    n_positive = np.count_nonzero(seen == "positive")
    print(f"{word!r} trained in {len(seen)} reviews, {n_positive} of them positive")
    ax.plot(positive, "o-", color="C3")
    ax.axhline(0.5, color="grey", linestyle=":")
    ax.set_xticks(range(len(words)), words, rotation=40, ha="right")
    ax.set(title=f"truly {row.label}, misled by {word!r}", ylim=(-0.05, 1.05))
figure.supylabel("probability of positive, after each word")
plt.show()
