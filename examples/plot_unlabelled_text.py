"""
Texts without labels help
=========================

Labels are dear, texts are not. Word vectors trained on texts without labels tell a net
which words are alike, before it sees the first label.

The texts are in every Python that has sklstm: docstrings of three libraries. The task
is to tell from the first paragraph which library it is of.
"""

import re
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer, train_vectors


def docstrings(library):
    """Return first paragraphs of 5 to 40 words, and the library of each."""
    files = sorted(Path(find_spec(library).origin).parent.rglob("*.py"))
    code = "\n".join(path.read_text("utf-8", errors="replace") for path in files)
    texts = re.findall(r'"""\s*([A-Z].*?)(?:\n\s*\n|""")', code, re.DOTALL)
    texts = [text for text in texts if 5 <= len(text.split()) <= 40]
    return pd.DataFrame({"text": texts, "library": library})


rows = pd.concat(map(docstrings, ["pandas", "scipy", "sklearn"]))
rows, test = train_test_split(rows.drop_duplicates("text"), random_state=0)

# %%
# Vectors from the texts of all rows but the test rows. Nobody had to label them.
print(f"{len(rows)} texts without labels")
vectors = train_vectors(rows["text"], vector_size=50, random_state=0)
for word in ("matrix", "column", "month"):
    print(f"like {word!r}:", ", ".join(w for w, _ in vectors.most_similar(word, 4)))

# %%
# Few rows get labels, three times others. A line is one draw of them: how accurate a
# net is without the vectors and with them.
_, axes = plt.subplots(1, 2, figsize=(8, 4), sharey=True, layout="constrained")
for ax, n_labels in zip(axes, (100, 300), strict=True):
    scores = pd.DataFrame(index=["without", "with vectors"])
    for seed in range(3):
        few = rows.sample(n_labels, random_state=seed)
        for name, given in zip(scores.index, (None, vectors), strict=True):
            net = LSTMClassifier(vectors=given, max_epochs=20, random_state=seed)
            model = make_pipeline(TextTokenizer(unknown="keep"), net)
            model.fit(few["text"], few["library"])
            scores.loc[name, seed] = model.score(test["text"], test["library"])
    print(f"{n_labels} labels:", scores.mean(axis=1).round(3).to_dict())
    ax.plot(scores.index, scores, "o-", color="C0")
    ax.set(title=f"{n_labels} labelled rows", xlim=(-0.4, 1.4))
axes[0].set_ylabel(f"accuracy on {len(test)} other rows")
plt.show()
