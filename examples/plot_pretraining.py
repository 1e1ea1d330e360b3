"""
Words are known by their company
================================

A language model reads texts without labels and puts words that keep the same company
next to each other. A classifier that starts from it knows what to make of words that
no labelled text has.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMLanguageModel, TextTokenizer

rng = np.random.RandomState(0)


def write(n_texts, first, last):
    """Return texts of eight words, each of one of two topics, and the topics."""
    topics = rng.choice(["music", "sports"], n_texts)
    texts = [
        " ".join(f"{topic}{i:02}" for i in rng.randint(first, last, 8))
        for topic in topics
    ]
    return texts, topics


# %%
# A topic has forty words. The language model reads texts with all of them; the labelled
# texts have ten words of each topic, and those to classify have none of these.
model = LSTMLanguageModel(embedding_dim=16, hidden_size=16, bptt=9, random_state=0)
model.fit(write(500, 0, 40)[0])
others, scores = write(500, 10, 40), {}
for name, encoder in (("from scratch", None), ("language model", model)):
    net = LSTMClassifier(encoder=encoder, max_epochs=20, random_state=0)
    pipe = make_pipeline(TextTokenizer(unknown="keep"), net).fit(*write(20, 0, 10))
    scores[name] = pipe.score(*others)
print(scores)

# %%
# Left: the embedding of the language model, which has never seen a label.
_, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
words = model.word_vectors_
points = PCA(2).fit_transform(words.matrix)
for name, color in (("music", "C0"), ("sports", "C1")):
    here = [i for i, word in enumerate(words.words) if word.startswith(name)]
    seen = [i for i in here if int(words.words[i][-2:]) < 10]
    left.scatter(*points[here].T, edgecolor=color, color="none", label=name)
    left.scatter(*points[seen].T, color=color, label=f"{name}, in labelled texts")
left.set(xticks=[], yticks=[], title="words")
left.legend(loc="upper center")
right.bar([*scores], [*scores.values()], width=0.5, color=["0.7", "C2"])
right.set(ylim=(0, 1), title="accuracy on texts of other words, 20 labels")
plt.show()
