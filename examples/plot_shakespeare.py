"""
Shakespeare, letter by letter
=============================

A language model of characters has some sixty of them to choose from, and learns words,
lines and speakers from nothing. It reads plays as one stream and carries its state on.

The text, Tiny Shakespeare, is looked for in ``../shared/data``, or in the folder that
the environment variable SKLSTM_DATA names.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklstm import LSTMLanguageModel, TextTokenizer

data = Path(os.environ.get("SKLSTM_DATA", "../shared/data"))
if not data.exists():
    print(f"This example needs data that is not there: {data.absolute()}")
    raise SystemExit

text = (data / "tinyshakespeare" / "input.txt").read_text("utf-8")
train, test = text[:300_000], text[300_000:320_000]

# %%
# One text without an end, of characters that keep their case.
model = LSTMLanguageModel(
    tokenizer=TextTokenizer(analyzer="char", lowercase=False),
    **{"embedding_dim": 32, "hidden_size": 128, "bptt": 32, "batch_size": 32},
    **{"dropout": 0, "word_dropout": 0, "lr": 0.01, "max_epochs": 5, "random_state": 0},
).fit([train])
print(f"hesitates between {model.perplexity([test]):.2f} of {len(model.classes_)}")

# %%
# The lower the temperature, the safer the words.
for temperature in (0.3, 0.7):
    print(f"\n-- temperature {temperature}")
    options = {"max_tokens": 300, "temperature": temperature, "random_state": 0}
    print(model.generate("ROMEO:\n", **options))

# %%
# Where does it hesitate? At the beginning of words: the rest often follows.
line = "But, soft! what light through yonder window breaks?"
prompts = ["ROMEO:\n" + line[:i] for i in range(len(line))]
column = {character: i for i, character in enumerate(model.classes_)}
rows = model.predict_proba(prompts)
p = [row[column[letter]] for row, letter in zip(rows, line, strict=True)]
plt.figure(figsize=(10, 3), layout="constrained")
plt.bar(range(len(line)), -np.log2(p))
plt.xticks(range(len(line)), list(line))
plt.ylabel("surprise in bits")
plt.show()
