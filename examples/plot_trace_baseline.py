"""
Averaged word vectors, word by word
===================================

The mean of its word vectors and a logistic regression: a model so simple that each
word's share in the answer is exact. The shares and a constant add up to the log-odds.
"""

import tempfile

import matplotlib.pyplot as plt
from sklearn.callback import ScoringMonitor
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer, make_baseline
from sklstm.datasets import make_reviews
from sklstm.inspection import trace

texts, labels = make_reviews(n_samples=2000, random_state=0)

# %%
# The vectors are those that an LSTM has learned; as a rule they come from a file. With
# a ScoringMonitor the logistic regression keeps loss and accuracy of each of its
# iterations, so that the trace has a training part, too.
lstm = make_pipeline(TextTokenizer(), LSTMClassifier(random_state=0))
vectors = lstm.fit(texts, labels)[-1].word_vectors_
monitor = ScoringMonitor(scoring=["neg_log_loss", "accuracy"])
pipe = make_baseline(vectors, callbacks=[monitor]).fit(texts, labels)
examples = ["the plot was charming", "the plot was not charming"]
lesson = trace(pipe, texts, labels, examples=examples)
lesson.save(tempfile.mkdtemp() + "/baseline.html", quiz=True)
lesson

# %%
# The averager opens into its parts: the words, their vectors, the mean.
print(lesson.flow.to_frame()[["name", "output_shape", "n_parameters"]].to_string())
for reading in lesson.predictions.readings:
    exact = reading.contributions[0]
    total = exact.constant + exact.values.sum()
    print(f"{reading.title}: {reading.predicted}, log-odds {total:.3f}")

# %%
# A word says the same wherever it stands: "charming" speaks for a good review after
# "not" as well. Its share is smaller in the longer text, and that is all.
figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
for i, ax in enumerate(axes):
    lesson.predictions.plot(ax, example=i)
plt.show()
