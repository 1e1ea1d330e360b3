"""device="accelerate": processes that train one net take the steps of one process."""

import os
import pickle
import re
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import sklstm
from sklstm import GRURegressor, LSTMClassifier, LSTMLanguageModel
from sklstm.datasets import make_reviews, make_sequences
from sklstm.nn.team import Team

EXAMPLE = Path(__file__).parents[2] / "examples" / "accelerate_fit.py"

MODELS = """
import pickle, sys
import numpy as np
import sklstm
from accelerate import PartialState
from sklstm.nn.team import team_of

texts, labels = make_reviews(101, random_state=0)
ids = sklstm.TextTokenizer().fit_transform(texts)
series, y = make_sequences(n_samples=67, n_steps=9, n_channels=2, random_state=0)
how = {"device": device, "embedding_dim": 6, "hidden_size": 8, "random_state": 0}
models = {
    "dropout": (LSTMClassifier(**how, dropout=0.3, max_epochs=3), ids, labels),
    "stops early": (
        BiLSTMClassifier(
            **how, num_layers=2, pooling="attention", early_stopping=True,
            batch_size=16, class_weight="balanced",
        ),
        ids,
        labels,
    ),
    "idle": (LSTMClassifier(**how, batch_size=1, max_epochs=2), ids[:7], labels[:7]),
    "numbers": (
        GRURegressor(**how, max_epochs=3), series, np.c_[series[:, 0, 0], y],
    ),
    "language": (LSTMLanguageModel(**how, max_epochs=2), list(texts), None),
    "whole texts": (
        LSTMLanguageModel(**how, max_epochs=2, bptt=None, batch_size=9, dropout=0.1,
                          weight_dropout=0.2),
        list(texts),
        None,
    ),
}
for name, (model, X, y) in models.items():
    model.fit(X, y)
"""
IMPORTS = """
from sklstm import BiLSTMClassifier, GRURegressor, LSTMClassifier, LSTMLanguageModel
from sklstm.datasets import make_reviews, make_sequences
"""
LAUNCHED = f"""
device = "accelerate"
{IMPORTS}
{MODELS}
team = team_of(device)
assert team.size == 2
unseeded = LSTMClassifier(device=device, hidden_size=2, max_epochs=1).fit(ids, labels)
try:
    rows = slice(team.rank, None)
    LSTMClassifier(device=device).fit(ids[rows], labels[rows])
except ValueError as error:
    refused = str(error)
fitted = {{name: model for name, (model, X, y) in models.items()}}
with open(f"{{sys.argv[1]}}/{{team.rank}}", "wb") as file:
    pickle.dump((fitted, unseeded, refused), file)
"""


def launch(*script):
    """Run a script in two processes, as a user does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # a free one
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    command += ["--num_processes", "2", "--num_machines", "1", "--main_process_port"]
    command += [port, "--mixed_precision", "no", "--dynamo_backend", "no", *script]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        list(map(str, command)),
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def teams(tmp_path_factory):
    """What each process fitted, refused, and drew by itself."""
    folder = tmp_path_factory.mktemp("team")
    (folder / "script.py").write_text(LAUNCHED)
    launch(folder / "script.py", folder)
    return [pickle.loads((folder / str(rank)).read_bytes()) for rank in (0, 1)]


@pytest.fixture(scope="module")
def alone():
    names = {"device": "cpu"}
    exec(IMPORTS + MODELS, names)
    return {name: model for name, (model, X, y) in names["models"].items()}


NAMES = ["dropout", "stops early", "idle", "numbers", "language", "whole texts"]


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_learn_what_one_does(name, teams, alone):
    """But for rounding: sums of two parts are added in another order."""
    found, expected = teams[0][0][name], alone[name]
    assert found.n_iter_ == expected.n_iter_
    assert found.best_epoch_ == expected.best_epoch_
    for ours, theirs in zip(found.history_, expected.history_, strict=True):
        for key in ours.keys() - {"seconds"}:
            assert ours[key] == pytest.approx(theirs[key], rel=1e-4), key
    for key, weights in expected.state_.items():
        np.testing.assert_allclose(found.state_[key], weights, atol=1e-3)
    texts = make_reviews(30, random_state=1)[0]
    if isinstance(found, LSTMLanguageModel):
        X, method = list(texts), "score_samples"
    elif isinstance(found, GRURegressor):
        X, method = make_sequences(20, 9, 2, random_state=1)[0], "predict"
    else:
        tokenizer = sklstm.TextTokenizer().fit(make_reviews(101, random_state=0)[0])
        X, method = tokenizer.transform(texts), "predict_proba"
    answers = [getattr(model, method)(X) for model in (found, expected)]
    np.testing.assert_allclose(*answers, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_all_processes_end_with_the_same_bits(name, teams):
    first, second = (team[0][name] for team in teams)
    for key, weights in first.state_.items():
        np.testing.assert_array_equal(second.state_[key], weights)
    losses = [[row["train_loss"] for row in m.history_] for m in (first, second)]
    assert losses[0] == losses[1]


def test_without_a_seed_the_first_process_draws_it_for_all(teams):
    first, second = (team[1].state_ for team in teams)
    for key, weights in first.items():
        np.testing.assert_array_equal(second[key], weights)


def test_other_rows_are_refused_by_all(teams):
    for team in teams:
        assert "all processes fit the same rows, but their numbers of" in team[2]


def test_the_example_saves_one_plain_model(tmp_path):
    """And says each epoch once."""
    path = tmp_path / "model.sklstm"
    said = launch(EXAMPLE, path, "--rows", 200, "--epochs", 2)
    assert len(re.findall(r"^ +[12] ", said, re.M)) == 2, said
    assert said.count("saved as") == 1
    texts, labels = make_reviews(200, random_state=0)
    loaded = sklstm.load(path)
    assert loaded[-1].net_.device == ("cuda:0" if torch.cuda.is_available() else "cpu")
    assert 0 <= loaded.score(texts, labels) <= 1
    light = sklstm.runtime.load(path)
    np.testing.assert_allclose(
        light.predict_proba(texts), loaded.predict_proba(texts), atol=1e-5
    )


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("n_rows", [1, 2, 5, 8, 33])
def test_each_row_counts_once(size, n_rows):
    counted = []
    for rank in range(size):
        team = Team()
        team.size, team.rank = size, rank
        own = list(range(n_rows))[team.own(n_rows)]
        assert own
        counted += [] if team.is_idle(n_rows) else own
    assert counted == list(range(n_rows))


def test_alone_it_is_a_fit_like_any_other():
    texts, labels = make_reviews(60, random_state=0)
    ids = sklstm.TextTokenizer().fit_transform(texts)
    model = LSTMClassifier(hidden_size=4, max_epochs=2, random_state=0, device="cpu")
    expected = model.fit(ids, labels).predict_proba(ids)
    model.set_params(device="accelerate").fit(ids, labels)
    np.testing.assert_array_equal(model.predict_proba(ids), expected)
