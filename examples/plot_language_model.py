"""
A model that writes
===================

A language model reads texts without labels and learns which word comes next. It can
write, and it can tell what surprises it.

The texts are in every Python that has sklstm: beginnings of docstrings of scikit-learn.
"""

import re
from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklstm import LSTMLanguageModel, TextTokenizer

files = sorted(Path(find_spec("sklearn").origin).parent.rglob("*.py"))
code = "\n".join(path.read_text("utf-8", errors="replace") for path in files)
texts = re.findall(r'"""\s*([A-Z].*?)(?:\n\s*\n|""")', code, re.DOTALL)
texts = sorted({text for text in texts if 5 <= len(text.split()) <= 40})
np.random.RandomState(0).shuffle(texts)
train, test = texts[:-300], texts[-300:]

# %%
# Words of a single text are read as unknown ones, so that the model knows what to make
# of those that it has never seen.
model = LSTMLanguageModel(
    tokenizer=TextTokenizer(add_eos=True, min_df=2),
    **{"embedding_dim": 100, "hidden_size": 100, "max_epochs": 7, "random_state": 0},
)
model.fit(train, X_val=test)
print(f"{len(train)} texts; perplexity of 300 others: {model.perplexity(test):.0f}")
for prompt in ("Compute the", "Test that", "Return"):
    print(*model.generate(prompt, temperature=0.7, n=2, random_state=1), sep="\n")

# %%
# Which words of a text does it expect? The shorter the bar, the greater the surprise.
words = "compute the log of the determinant of a callback .".split()
prompts = [words[:i] for i in range(len(words))]
p = model.predict_proba(prompts)
column = {word: i for i, word in enumerate(model.classes_)}
expected = [row[column[word]] for row, word in zip(p, words, strict=True)]
_, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
axes[0].barh(range(len(words)), expected)
axes[0].set_yticks(range(len(words)), words)
axes[0].set(xscale="log", xlabel="probability before it was read")
axes[0].invert_yaxis()
curves = {k: [e[k] for e in model.history_] for k in ("train_loss", "valid_loss")}
for name, losses in curves.items():
    axes[1].plot(range(1, len(losses) + 1), np.exp(losses), "o-", label=name[:5])
axes[1].set(xlabel="epoch", ylabel="perplexity")
axes[1].legend()
plt.show()
