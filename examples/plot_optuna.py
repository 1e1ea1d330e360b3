"""
Optuna: a net goes on, or is pruned
===================================

A trial holds one net, which ``partial_fit`` trains pass by pass. A pruner sees the
accuracy after each, and ends what lags behind. No epoch is trained twice.
"""

import matplotlib.pyplot as plt
import optuna
import pandas as pd
from sklearn.model_selection import train_test_split

from sklstm import LSTMClassifier, TextTokenizer
from sklstm.datasets import make_reviews

optuna.logging.set_verbosity(optuna.logging.WARNING)
texts, labels = make_reviews(800, max_words=10, random_state=0)
train, valid, y_train, y_valid = train_test_split(texts, labels, random_state=0)
tokenizer = TextTokenizer()
X_train, X_valid = tokenizer.fit_transform(train), tokenizer.transform(valid)


def objective(trial):
    """Train one candidate, until it is done or pruned."""
    net = LSTMClassifier(hidden_size=32, batch_size=100, random_state=0)
    net.lr = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
    net.pooling = trial.suggest_categorical("pooling", ["max", "mean", "last"])
    net.dropout = trial.suggest_float("dropout", 0.0, 0.6)
    for epoch in range(1, 13):
        net.partial_fit(X_train, y_train, classes=["negative", "positive"])
        trial.report(accuracy := net.score(X_valid, y_valid), epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    return accuracy


# %%
# Four trials run to the end; later ones must keep up with the median of all that did.
# Draws at random give both studies the same 16 candidates; the default would not.
pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=2)
curves = {}
for name, end in {"to the end": optuna.pruners.NopPruner(), "pruned": pruner}.items():
    sampler = optuna.samplers.RandomSampler(seed=2)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=end)
    study.optimize(objective, n_trials=16)
    curves[name] = pd.DataFrame([t.intermediate_values for t in study.trials]).T
    print(f"{name}: {curves[name].count().sum()} epochs,", end=" ")
    print(f"accuracy {study.best_value:.3f}", study.best_params)

# %%
# The same candidate for three fifths of the epochs. Dots: what the pruned ones missed.
ax, bars = plt.subplots(1, 2, width_ratios=[3, 1], figsize=(9, 4), layout="tight")[1]
ax.plot(curves["to the end"], ":", color="0.7")
for _, seen in curves["pruned"].items():
    ax.plot(seen.dropna(), "o-", markevery=[-1], color="0.7" if seen.hasnans else "C0")
ax.set(xlabel="epochs", ylabel="accuracy")
bars.bar(curves.keys(), [curve.count().sum() for curve in curves.values()])
bars.set_title("epochs trained")
plt.show()
