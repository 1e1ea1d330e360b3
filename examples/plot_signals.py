"""
Signals of any length
=====================

Noisy waves pass six sensors: backwards, forwards, or not at all. Recordings differ in
length, and a net reads each of them as it is.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import LSTMClassifier, SequencePadder
from sklstm.datasets import make_sequences

waves, speed = make_sequences(1500, 40, n_channels=6, n_classes=3, random_state=0)
y = np.array(["backwards", "still", "forwards"])[speed]
lengths = np.random.RandomState(0).randint(5, 41, size=len(waves))
recordings = [wave[:length] for wave, length in zip(waves, lengths, strict=True)]
train, test, y_train, y_test = train_test_split(recordings, y, random_state=0)

# %%
# The baseline is the label of the nearest recording. It needs rows of one length, which
# ``SequencePadder`` makes with NaN at their ends; this distance leaves NaN out. But it
# compares step by step, and two waves are seldom in step.
flatten = FunctionTransformer(lambda padded: padded.reshape(len(padded), -1))
nearest = KNeighborsClassifier(1, metric="nan_euclidean")
models = {
    "nearest recording": make_pipeline(SequencePadder(), flatten, nearest),
    "LSTM": LSTMClassifier(random_state=0),
}
hits = pd.DataFrame({"steps": [len(recording) for recording in test]})
for name, model in models.items():
    hits[name] = model.fit(train, y_train).predict(test) == y_test
    print(f"{name:18} accuracy {hits[name].mean():.3f}")

# %%
# A single step says little of a direction. From some 16 steps on the LSTM is right
# almost always, and the nearest recording is not.
figure, axes = plt.subplots(1, 4, figsize=(11, 3), layout="constrained")
for ax, label in zip(axes, ("backwards", "still", "forwards"), strict=False):
    ax.imshow(waves[y == label][0].T, aspect="auto", cmap="RdBu", vmin=-3, vmax=3)
    ax.set(title=label, xlabel="step", ylabel="sensor")
by_length = hits.groupby(5 * ((hits.pop("steps") + 4) // 5)).mean()
by_length.plot(ax=axes[3], style=["C1o:", "C0o-"], ylim=(0, 1.02))
axes[3].set(title="accuracy", xlabel="steps of a recording (up to)")
plt.show()
