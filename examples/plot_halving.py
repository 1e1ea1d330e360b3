"""
Successive halving: few epochs for all, many for the best
=========================================================

``HalvingGridSearchCV`` gives all candidates a few epochs, the best third of them three
times as many, and so on. It trains each round anew: what does it cost, what is saved?
"""

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TextTokenizer
from sklstm.datasets import make_reviews

texts, labels = make_reviews(600, max_words=10, random_state=0)
net = LSTMClassifier(hidden_size=32, batch_size=100, random_state=0)
pipe = make_pipeline(TextTokenizer(), net)
epochs = "lstmclassifier__max_epochs"
lr, pooling = "lstmclassifier__lr", "lstmclassifier__pooling"
grid = {lr: [0.002, 0.005, 0.02, 0.05], pooling: ["max", "mean", "last"]}
how = {"cv": 2, "refit": False}  # the fit on all rows at the end costs both the same
full = GridSearchCV(pipe, {**grid, epochs: [18]}, **how).fit(texts, labels)

# %%
# No setting of a net looks ahead to ``max_epochs``. So a round begins with the very
# epochs of the round before, equal to the bit, and trains them again.
how |= {"resource": epochs, "min_resources": 2, "max_resources": 18, "factor": 3}
halving = HalvingGridSearchCV(pipe, grid, **how).fit(texts, labels)
rounds = pd.DataFrame({"nets": halving.n_candidates_, "epochs": halving.n_resources_})
rounds["trained"] = 2 * rounds["nets"] * rounds["epochs"]  # on two folds
rounds["repeated"] = 2 * rounds["nets"] * rounds["epochs"].shift(fill_value=0)
print(rounds.to_string(index=False))
n_epochs = {"halving": rounds["trained"].sum(), "grid search": 12 * 2 * 18}
for name, search in {"halving": halving, "grid search": full}.items():
    best = search.best_params_[lr], search.best_params_[pooling]
    print(f"{name}: {n_epochs[name]} epochs, accuracy {search.best_score_:.3f}, {best}")

# %%
# The same candidate for two fifths of the epochs, a quarter of them repeated (orange).
# Dots lead to where the grid search saw those end that were left out. Some are slow at
# first and end beside the second best: so may the best one, which halving would miss.
key = [f"param_{epochs}", f"param_{lr}", f"param_{pooling}"]
scores, ends = (
    pd.DataFrame(search.cv_results_).set_index(key)["mean_test_score"].unstack([1, 2])
    for search in (halving, full)
)
ax, bars = plt.subplots(1, 2, width_ratios=[3, 1], figsize=(9, 4), layout="tight")[1]
for name, curve in scores.items():
    ax.plot(curve.fillna(ends[name]).dropna(), "o:", color="0.7", mfc="none")
    ax.plot(curve.dropna(), "o-", color="0.7" if curve.hasnans else "C0")
ax.set(xscale="log", xlabel="epochs", ylabel="accuracy")
ax.set_xticks(scores.index, scores.index)
ax.minorticks_off()
bars.bar(n_epochs.keys(), n_epochs.values())
bars.bar("halving", rounds["repeated"].sum())
bars.set_title("epochs trained")
plt.show()
