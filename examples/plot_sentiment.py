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
from sklstm.inspection import worst_predictions

texts, labels = make_reviews(n_samples=2000, random_state=0)
new_texts, new_labels = make_reviews(n_samples=1000, random_state=1)

model = make_pipeline(TextTokenizer(), BiLSTMClassifier(random_state=0))
model.fit(texts, labels)
print(classification_report(new_labels, model.predict(new_texts), digits=3))

# %%
# The most wrong reviews are those whose true label gets the lowest probability: whose
# ``error``, the log loss, is the largest. Each of them comes with its trace.
worst = worst_predictions(model, new_texts, new_labels, n=4)
print(worst[["title", "true", "predicted", "error"]].to_string(index=False))

# %%
# A trace holds what the net would say if the review ended after this word (the line),
# and what the wrong answer loses when the word is left out (the bars). A tall bar is a
# word that misled the net all alone, as a rule one that trained in few of the 2,000
# reviews. Where all bars are low, several words agree, and the line tells where it
# turned. More reviews would help.
figure, axes = plt.subplots(2, 2, figsize=(11, 7), sharey=True, layout="constrained")
for ax, row in zip(axes.flat, worst.itertuples(), strict=True):
    reading = row.trace.readings[0]
    losses = reading.contributions[0].values
    word = reading.labels[losses.argmax()]
    seen = labels[pd.Series(texts).str.contains(rf"\b{word}\b")]
    adds = f"{word!r} adds {losses.max():.2f}"
    n_alike = np.count_nonzero(seen == row.predicted)
    print(f"{adds}, trained in {len(seen)} reviews, {n_alike} of them {row.predicted}")
    row.trace.plot(ax)
    ax.set(title=f"truly {row.true}: {adds}", ylim=(-0.05, 1.45), yticks=(0, 0.5, 1))
plt.show()
