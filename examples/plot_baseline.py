"""
What a mean of word vectors cannot know
=======================================

The mean of its word vectors is a cheap and strong description of a text: try it first.
But it forgets the order of words. Here three models judge generated reviews. Most are
plain ("the plot was good"); others have to be read in order ("the plot was not bad",
"the cast shone, although the plot was dull").
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer, make_baseline
from sklstm.datasets import make_reviews

texts, labels = make_reviews(n_samples=3000, random_state=0)
new_texts, new_labels = make_reviews(n_samples=2000, random_state=1)

# %%
# The LSTM first. Its word vectors then go into the baseline: both know the same words
# equally well, and differ in their order alone. As a rule vectors come from a file, and
# the baseline is ``make_baseline("glove.6B.50d.txt")``.
lstm = make_pipeline(TextTokenizer(), LSTMClassifier(random_state=0))
lstm.fit(texts, labels)
words = lstm[-1].word_vectors_
print("Like 'dull':", ", ".join(word for word, _ in words.most_similar("dull", 4)))

one_or_two_words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
tfidf = make_pipeline(one_or_two_words, LogisticRegression(C=10))
models = {
    "mean of word vectors": make_baseline(words).fit(texts, labels),
    "TF-IDF of one or two words": tfidf.fit(texts, labels),
    "LSTM": lstm,
}

# %%
# New reviews, apart by whether they hold a word that turns the others around.
turns = r"\b(?:not|never|wasn't|nobody|nothing|but|far|than|although|despite)\b"
in_order = pd.Series(new_texts).str.contains(turns)
kind = np.where(in_order, "to be read in order", "plain")
hits = {name: m.predict(new_texts) == new_labels for name, m in models.items()}
accuracy = pd.DataFrame(hits).groupby(kind).mean()
print(accuracy.T.round(3))

# %%
# On plain reviews the mean is good. Where order decides, it is worth no more than a
# coin. TF-IDF knows some pairs of words ("not bad"), and the LSTM reads to the end.
accuracy.index = [f"{name}\n({(kind == name).mean():.0%})" for name in accuracy.index]
ax = accuracy.plot.bar(rot=0, figsize=(8, 4), width=0.7, ylim=(0, 1.15))
for bars in ax.containers:
    ax.bar_label(bars, fmt="%.2f", label_type="center", color="white")
ax.axhline(0.5, color="grey", linestyle=":", zorder=0, label="a coin")
ax.set_ylabel("accuracy on new reviews")
ax.legend(loc="upper center", ncols=4, fontsize="small")
plt.show()
