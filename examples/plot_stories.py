"""
Questions about a story
=======================

"where is anna?" is answered by the last move of anna, which moves of others follow. Two
texts, a question and its story, have to become one sequence, in which the net knows
whom to look for while it reads the story, be it forward or backward.
"""

import re
import textwrap

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import BiLSTMClassifier, TextTokenizer
from sklstm.datasets import make_stories


def question_around(rows):
    """Make one text of each row: the question, its story, the question again."""
    return rows["question"] + " " + rows["story"] + " " + rows["question"]


def make_rows(n_rows, seed):
    """Return a frame of stories and questions, and the answers."""
    stories, questions, answers = make_stories(n_rows, random_state=seed)
    return pd.DataFrame({"story": stories, "question": questions}), answers


# %%
# Stories have few words, and all of them count: nothing is left out in training.
settings = {"dropout": 0, "word_dropout": 0, "lr": 0.01, "max_epochs": 16}
net = BiLSTMClassifier(**settings, random_state=0)
model = make_pipeline(FunctionTransformer(question_around), TextTokenizer(), net)
model.fit(*make_rows(6000, seed=0))
print(f"new questions answered: {model.score(*make_rows(1000, seed=1)):.3f}")

# %%
# A new story is read up to its first sentence, its second, and so on. The net changes
# its mind where the one asked for moves, not where others do; rings show the truth.
# Before boris is told of it guesses: no question in training was without an answer.
told = """anna went to the attic. clara ran to the porch. boris walked to the garden.
anna ran to the kitchen. clara went to the attic. boris went back to the porch."""
told = [f"{sentence.strip()}." for sentence in told.split(".")[:-1]]
starts = [" ".join(told[: n + 1]) for n in range(len(told))]
figure, axes = plt.subplots(2, 1, figsize=(9, 6.5), sharex=True, layout="constrained")
for ax, who in zip(axes, ("anna", "boris"), strict=True):
    asked = pd.DataFrame({"story": starts, "question": f"where is {who}?"})
    shown = ax.imshow(model.predict_proba(asked).T, cmap="Blues", vmin=0, vmax=1)
    for n, start in enumerate(starts):
        if at := re.findall(rf"{who} [\w ]* (\w+)\.", start):
            ax.plot(n, [*model.classes_].index(at[-1]), "oC1", ms=24, mew=2, mfc="none")
    ax.set_yticks(range(6), model.classes_)
    ax.set(title=f"where is {who}?", aspect="auto")
axes[1].set_xticks(range(6), [textwrap.fill(sentence, 12) for sentence in told])
figure.colorbar(shown, ax=axes, label="probability, after each sentence")
plt.show()
