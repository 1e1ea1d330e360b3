"""
Which cell? Ask a grid search
=============================

The last step of a pipeline is a parameter like any other. One search tries RNN, GRU,
LSTM and BiLSTM, narrow and wide, and weighs their accuracy against their time.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

import sklstm
from sklstm.datasets import make_reviews

texts, labels = make_reviews(n_samples=1000, random_state=0)

# %%
# ``net`` is the step, ``net__hidden_size`` belongs to whichever net stands there. With
# ``pooling="last"`` a net has to carry what it read to the end.
names = ["RNN", "GRU", "LSTM", "BiLSTM"]
options = {"pooling": "last", "lr": 0.03, "batch_size": 128, "random_state": 0}
nets = [getattr(sklstm, f"{name}Classifier")(**options) for name in names]
words = [("tokens", sklstm.TextTokenizer()), ("pad", sklstm.SequencePadder())]
pipe = Pipeline([*words, ("net", nets[0])])
pipe.fit(texts[:100], labels[:100])  # the first net of a process waits for torch
grid = {"net": nets, "net__hidden_size": [8, 64]}


# %%
# ``refit`` may be a function: here, of all candidates less than a standard error below
# the best, the fastest. What the others gain may be luck.
def fastest_of_the_good(results):
    """Return which candidate is to train on all rows."""
    scores, best = results["mean_test_score"], results["mean_test_score"].argmax()
    good = scores >= scores[best] - results["std_test_score"][best] / 3**0.5
    return np.where(good, results["mean_fit_time"], np.inf).argmin()


search = GridSearchCV(pipe, grid, cv=3, refit=fastest_of_the_good).fit(texts, labels)
table = pd.DataFrame(search.cv_results_).rename(columns=lambda c: c.split("__")[-1])
table.insert(0, "cell", [names[nets.index(net)] for net in table["param_net"]])
print(table.filter(regex="cell|hidden_size|(mean|std)_test_score|mean_fit").round(3))
best = table.loc[search.best_index_]
print(f"chosen: {best['cell']} {best['hidden_size']}, {best['mean_test_score']:.3f}")

# %%
# Bars are standard errors, the ring is the choice. Wide cells with gates beat plain
# ones, and they alone gain by width. A BiLSTM holds two LSTMs, which takes longer.
for cell, rows in table.groupby("cell", sort=False):
    time, score = rows["mean_fit_time"], rows["mean_test_score"]
    plt.errorbar(time, score, rows["std_test_score"] / 3**0.5, fmt="o-", label=cell)
    for point in zip(rows["hidden_size"], time, score, strict=True):
        plt.annotate(point[0], point[1:], (6, 6), textcoords="offset points")
plt.plot(*best[["mean_fit_time", "mean_test_score"]], "ko", ms=16, mfc="none")
plt.gca().set(xlabel="seconds of a fit on two folds", ylabel="accuracy on the third")
plt.legend(loc="lower right", title="cell, by hidden_size")
plt.show()
