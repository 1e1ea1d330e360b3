"""The gallery's examples of searches: what they count is what was trained."""

from types import SimpleNamespace

import numpy as np
import pytest
from optuna.trial import TrialState
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, TextTokenizer
from sklstm.datasets import make_reviews
from sklstm.nn.training import SequenceNet
from tests.gallery import check_form, run_here


def run(name, folder):
    """Run an example; return its names, what it prints, and how many epochs end."""
    end_epoch, ended = SequenceNet.on_epoch_end, []

    def count(net, *args, **kwargs):
        ended.append(net)
        return end_epoch(net, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SequenceNet, "on_epoch_end", count)
        names, printed = run_here(name, folder, folder)
    return SimpleNamespace(**names, printed=printed, n_trained=len(ended))


@pytest.fixture(scope="module")
def halving(tmp_path_factory):
    return run("plot_halving", tmp_path_factory.mktemp("halving"))


@pytest.fixture(scope="module")
def optuna(tmp_path_factory):
    return run("plot_optuna", tmp_path_factory.mktemp("optuna"))


@pytest.mark.parametrize("name", ["plot_halving", "plot_optuna"])
def test_form(name):
    check_form(name)


class Weights(Callback):
    """Keep a copy of the weights as they are after each epoch."""

    after = []

    def on_epoch_end(self, net, **kwargs):
        state = net.module_.state_dict()
        self.after.append({name: weight.clone() for name, weight in state.items()})


@pytest.mark.parametrize("params", [{}, {"average": False}, {"optimizer": "sgd"}])
def test_a_longer_fit_begins_as_a_shorter_one(params, monkeypatch):
    """So each round of HalvingGridSearchCV repeats the round before it."""
    monkeypatch.setattr(Weights, "after", [])
    texts, labels = make_reviews(200, random_state=0)
    X = TextTokenizer().fit_transform(texts)
    net = LSTMClassifier(hidden_size=8, callbacks=[Weights], random_state=0, **params)
    net.set_params(max_epochs=5).fit(X, labels)
    states = [*Weights.after]
    for n in (1, 3):
        net.set_params(max_epochs=n).fit(X, labels)
        for name, weight in net.state_.items():
            np.testing.assert_array_equal(weight, states[n - 1][name].numpy())


def test_halving_counts_what_was_trained(halving):
    rounds = halving.rounds
    assert list(rounds["nets"]) == [12, 4, 2]
    assert list(rounds["epochs"]) == [2, 6, 18]
    assert list(rounds["trained"]) == [48, 48, 72]
    assert list(rounds["repeated"]) == [0, 16, 24]
    assert halving.n_trained == sum(halving.n_epochs.values()) == 168 + 432
    assert "halving: 168 epochs" in halving.printed
    assert "grid search: 432 epochs" in halving.printed
    assert halving.printed.endswith("axes drawn: 2\n")


def test_halving_finds_as_good_a_candidate(halving):
    assert halving.halving.best_score_ > halving.full.best_score_ - 0.03
    assert halving.halving.best_score_ > np.nanmedian(halving.ends) + 0.02


def test_a_round_trains_as_the_full_search_does(halving):
    ends, last = halving.ends.loc[18], halving.scores.loc[18].dropna()
    assert len(last) == 2
    assert list(last) == list(ends[last.index])


def test_some_that_halving_leaves_out_are_only_slow(halving):
    first_out = halving.scores.count() == 1
    ends = halving.ends.loc[18].sort_values()
    assert first_out.sum() == 8
    assert ends[first_out].max() > ends.iloc[-2] - 0.02


def test_optuna_counts_what_was_trained(optuna):
    n = {name: int(curves.count().sum()) for name, curves in optuna.curves.items()}
    assert n["to the end"] == 16 * 12
    assert n["pruned"] < 0.75 * n["to the end"]
    assert optuna.n_trained == sum(n.values())
    for name, epochs in n.items():
        assert f"{name}: {epochs} epochs, accuracy" in optuna.printed
    assert optuna.printed.endswith("axes drawn: 2\n")


def test_pruned_trials_were_stopped(optuna):
    trials = optuna.study.trials
    lengths = [len(trial.intermediate_values) for trial in trials]
    assert all(n == 12 for n in lengths[:4])
    for trial, n in zip(trials, lengths, strict=True):
        assert (trial.state == TrialState.PRUNED) == (n < 12)
        assert trial.state in (TrialState.PRUNED, TrialState.COMPLETE)
        assert n >= 2
    assert sum(trial.state == TrialState.PRUNED for trial in trials) >= 5


def test_pruning_finds_as_good_a_candidate(optuna):
    whole = optuna.curves["to the end"].loc[12]
    assert optuna.study.best_value > whole.max() - 0.03
    assert optuna.study.best_value > whole.median() + 0.02


def test_trials_are_reproduced(optuna):
    """As far as both went, the two studies saw the same."""
    whole, pruned = optuna.curves["to the end"], optuna.curves["pruned"]
    assert pruned.where(pruned.notna(), whole).equals(whole)
