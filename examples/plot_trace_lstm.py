"""
An LSTM on texts, from the words to the answer
==============================================

Words become ids, ids vectors, vectors states, and the states a probability. The trace
of a fitted pipeline shows what the data looks like at each of these stages, how
training went, and what happens to one text, word by word.
"""

import tempfile

import matplotlib.pyplot as plt
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequencePadder, TextTokenizer
from sklstm.datasets import make_reviews
from sklstm.inspection import trace

texts, labels = make_reviews(n_samples=2000, random_state=0)
model = LSTMClassifier(embedding_dim=50, hidden_size=64, random_state=0)
pipe = make_pipeline(TextTokenizer(), SequencePadder(), model).fit(texts, labels)

# %%
# One call. In a notebook the trace is a page to click through; printed, it is text; and
# ``save`` writes the page as one file, here with three questions about its numbers.
examples = ["the film was not bad at all", "although the cast shone, the plot was dull"]
lesson = trace(pipe, texts, labels, examples=examples)
page = lesson.save(tempfile.mkdtemp() + "/lstm.html", quiz=True)
print(f"{page.name}: {page.stat().st_size / 1024:.0f} KiB")
lesson

# %%
# The parts stand alone. An LSTM has four gates of equal size, which is where its number
# of parameters comes from.
stages = lesson.flow.to_frame()
print(stages[["name", "output_shape", "n_parameters", "formula"]].to_string())

# %%
# Left, the loss of each epoch; right, what the net would say if the text ended
# after this word. The bars are what the answer loses when the word is left out: "not"
# and "bad" weigh most, and only together do they speak for the film.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
lesson.training.plot(left)
lesson.predictions.plot(right)
plt.show()
