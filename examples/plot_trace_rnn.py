"""
A plain RNN on texts, and how far it sees
=========================================

A plain recurrent net has one matrix of weights where an LSTM has four, and nothing but
its state to keep what it read. The trace tells how much of each word reaches the
answer: the gradient of the score by the state after that word.
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, RNNClassifier, TextTokenizer
from sklstm.datasets import make_reviews
from sklstm.inspection import PredictionTrace, trace

texts, labels = make_reviews(n_samples=2000, random_state=0)
new_texts, new_labels = make_reviews(n_samples=600, random_state=1)

# %%
# The same pipeline with either net. Both answer from the state after the last word.
pipes = {}
for net in (RNNClassifier, LSTMClassifier):
    model = net(hidden_size=64, pooling="last", random_state=0)
    pipe = make_pipeline(TextTokenizer(), model).fit(texts, labels)
    print(f"{net.__name__:15} accuracy {pipe.score(new_texts, new_labels):.3f}")
    pipes[net.__name__] = pipe
lesson = trace(pipes["RNNClassifier"], new_texts, new_labels)
lesson.save(tempfile.mkdtemp() + "/rnn.html", quiz=True)
lesson

# %%
# Twenty long texts, each of twelve reviews. In the plain net the gradient falls by the
# same factor at each step, and fifty words before the end less than a hundredth is left
# (Bengio et al. 1994, Learning long-term dependencies with gradient descent is
# difficult). The gates of an LSTM let more of it through.
long_texts = [" and ".join(new_texts[i : i + 12]) for i in range(0, 240, 12)]
ax = plt.subplots(figsize=(8, 4), layout="constrained")[1]
for name, pipe in pipes.items():
    readings = PredictionTrace.from_estimator(pipe, long_texts).readings
    from_the_end = [reading.gradient_by_step[:-51:-1] for reading in readings]
    share = np.mean([gradient / gradient[0] for gradient in from_the_end], axis=0)
    print(f"{name:15} 50 words before the end: {share[-1]:.4f}")
    ax.semilogy(np.arange(50), share, "o-", label=name)
ax.set(xlabel="words before the end", ylabel="gradient, relative to the last word")
ax.legend()
plt.show()
