"""
A map of words, drawn while a net learns
========================================

Nobody tells a net that "superb" is praise and "dull" is not. It gives each word a
random vector, and moves it by the labels of the reviews that the word stands in.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer
from sklstm.datasets import make_reviews

texts, labels = make_reviews(n_samples=2000, random_state=0)
words = {
    "praise": "good great fine superb brilliant funny lovely excellent moving clever",
    "blame": "bad poor dull boring awful weak silly terrible slow flat",
    "neither": "plot cast film script music london week was the it seen very",
}
words = {kind: line.split() for kind, line in words.items()}
kinds = np.repeat([*words], [len(some) for some in words.values()])
words = np.concatenate([*words.values()])

# %%
# The same net, after one epoch and after ten. ``word_vectors_`` finds vectors by words.
vectors = {}
for n_epochs in (1, 10):
    net = LSTMClassifier(max_epochs=n_epochs, random_state=0)
    make_pipeline(TextTokenizer(), net).fit(texts, labels)
    vectors[n_epochs], _ = net.word_vectors_.lookup_vectors(words)
    like = ", ".join(word for word, _ in net.word_vectors_.most_similar("dull", 4))
    print(f"like 'dull' after {n_epochs} epochs: {like}")

# %%
# Fifty dimensions become two, the same two in both maps: those along which the vectors
# of both differ most. After an epoch the words are still a heap, from which the common
# ones break away. After ten, praise and blame stand on two sides, and words that tell
# nothing in between. One direction of fifty parts them.
pca = PCA(2).fit(np.concatenate([*vectors.values()]))
colours = {"praise": "#0072B2", "blame": "#D55E00", "neither": "#5a5a5a"}
axes = plt.subplots(1, 2, figsize=(12, 6), sharey=True, layout="constrained")[1]
for ax, (n_epochs, matrix) in zip(axes, vectors.items(), strict=True):
    points = pca.transform(matrix)
    ax.scatter(*points.T, s=6, c=[colours[kind] for kind in kinds])
    for point, word, kind in zip(points, words, kinds, strict=True):
        ax.text(*point, word, color=colours[kind], ha="center", va="bottom")
    print(f"from left to right, epoch {n_epochs}:", *words[points[:, 0].argsort()])
    praise, blame = points[kinds == "praise"], points[kinds == "blame"]
    gap = np.linalg.norm(praise.mean(axis=0) - blame.mean(axis=0))
    spread = np.sqrt((praise.var(axis=0) + blame.var(axis=0)).sum() / 2)
    print(f"praise and blame after {n_epochs} epochs: {gap / spread:.1f} spreads apart")
    ax.set(xlim=(-1.6, 1.6), ylim=(-1, 1), xlabel="first component")
    ax.set_title(f"epoch {n_epochs}: {gap / spread:.1f} spreads apart")
axes[0].set_ylabel("second component")
plt.show()
