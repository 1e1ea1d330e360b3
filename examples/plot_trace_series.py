"""
An LSTM on numbers: ten steps of five channels
==============================================

Waves pass five channels in noise, one way or the other, and no single number tells
which. Numbers need no tokens and no embedding: the net reads the channels as they are.
"""

import tempfile

import matplotlib.pyplot as plt

from sklstm import LSTMClassifier
from sklstm.datasets import make_sequences
from sklstm.inspection import trace, worst_predictions

X, y = make_sequences(2000, n_steps=10, n_channels=5, random_state=0)
new_X, new_y = make_sequences(500, n_steps=10, n_channels=5, random_state=1)
model = LSTMClassifier(hidden_size=20, random_state=0).fit(X, y)
print(f"accuracy on new rows {model.score(new_X, new_y):.3f}")

# %%
# From (2000, 10, 5) to (2000, 10, 20) states, and from there to two probabilities.
lesson = trace(model, X, y, examples=new_X[:3])
lesson.save(tempfile.mkdtemp() + "/series.html", quiz=True)
print(lesson.flow.to_frame()[["name", "output_shape", "formula"]].to_string())
lesson

# %%
# The rows that the model is most wrong about open as traces of their own.
worst = worst_predictions(model, new_X, new_y, n=3)
print(worst[["row", "true", "predicted", "error"]].to_string())

# %%
# Left, one row step by step. Right, how far the gates are open at each of its steps, on
# average over the units.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
lesson.predictions.plot(left)
signals = lesson.predictions.readings[0].layers[0].signals
for name in ("input gate", "forget gate", "output gate"):
    right.plot(range(1, 11), signals[name].mean(axis=1), "o-", label=name)
right.set(xlabel="step", ylabel="how far open, from 0 to 1", ylim=(0, 1))
right.legend()
plt.show()
