"""Training: seeds, the loss, the history, divergence and going on."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from sklstm.nn.batches import SequenceDataset
from sklstm.nn.devices import resolve_device
from sklstm.nn.state import to_arrays
from sklstm.nn.training import build_net

SIZES = {
    "cell": "lstm",
    "n_tokens": 12,
    "input_size": 4,
    "hidden_size": 5,
    "num_layers": 2,
    "n_outputs": 2,
}


@pytest.fixture
def dataset(make_sequences):
    return labelled(make_sequences(np.arange(40) % 9))


@pytest.fixture
def validation(make_sequences):
    return labelled(make_sequences(np.arange(20) % 7, seed=1), seed=1)


def labelled(sequences, seed=0, n_classes=2):
    rng = np.random.RandomState(seed)
    n = len(sequences)
    return SequenceDataset(sequences, rng.randint(n_classes, size=n), rng.rand(n) + 0.5)


def make_net(loss=nn.CrossEntropyLoss, *, sizes=None, validation=None, **settings):
    defaults = {
        "optimizer": "adam",
        "weight_decay": 0.0,
        "clip_norm": 1.0,
        "average": False,
        "callbacks": [],
        "net_params": {},
        "seed": 0,
        "dropout": 0.2,
        "lr": 0.02,
        "max_epochs": 3,
        "batch_size": 8,
        "verbose": 0,
        "device": "cpu",
    }
    sizes, criterion = SIZES | (sizes or {}), {"criterion": loss}
    return build_net(sizes, criterion, validation=validation, **defaults | settings)


def bits(net):
    return [value.numpy().tobytes() for value in net.module_.state_dict().values()]


def trained(net, dataset, epochs=None):
    net.train(dataset, epochs)
    return net


# -- one seed


def test_a_seed_gives_the_bits(dataset):
    net = trained(make_net(), dataset)
    assert bits(trained(make_net(), dataset)) == bits(net)
    assert bits(trained(make_net(seed=1), dataset)) != bits(net)
    assert bits(make_net()) != bits(net)
    assert bits(trained(net.initialize(), dataset)) == bits(
        trained(make_net(), dataset)
    )


@pytest.mark.parametrize("before", ["untrained", "trained"])
def test_a_clone_trains_to_the_same_bits(dataset, before):
    net = make_net()
    expected = bits(trained(make_net(), dataset))
    if before == "trained":
        trained(net, dataset)
    assert bits(trained(clone(net).initialize(), dataset)) == expected


def test_training_leaves_global_generators_alone(
    dataset, validation, global_generators
):
    before = global_generators()
    net = trained(make_net(validation=validation), dataset)
    net.predict(validation)
    assert global_generators() == before


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_a_copied_net_predicts_and_goes_on_to_the_bit(dataset, copied):
    net = trained(make_net(), dataset)
    other = copied(net)
    assert bits(other) == bits(net)
    assert np.array_equal(other.forward(dataset), net.forward(dataset))
    assert bits(trained(other, dataset, 1)) == bits(trained(net, dataset, 1))


def test_dropout_and_word_dropout_act_in_training_only(dataset):
    plain = trained(make_net(dropout=0.0, word_dropout=0.0), dataset)
    assert bits(trained(make_net(dropout=0.5, word_dropout=0.0), dataset)) != bits(
        plain
    )
    assert bits(trained(make_net(dropout=0.0, word_dropout=5.0), dataset)) != bits(
        plain
    )
    net = trained(make_net(dropout=0.9, word_dropout=9.0), dataset)
    assert not net.module_.training
    assert np.array_equal(net.forward(dataset), net.forward(dataset))


def test_shuffle_changes_the_order_from_epoch_to_epoch(dataset):
    def first_losses(shuffle):
        net = make_net(lr=1e-30, dropout=0.0, word_dropout=0.0, shuffle=shuffle)
        trained(net, dataset)
        return [[b["train_loss"] for b in epoch["batches"]] for epoch in net.history]

    one, two, three = first_losses(shuffle=False)
    assert one == two == three
    one, two, _ = first_losses(shuffle=True)
    assert one != two


# -- the loss and the history


def by_hand(net, dataset):
    """Scores and what the net reports of them, row by row."""
    X, y = dataset.batch(np.arange(len(dataset)))
    with torch.no_grad():
        scores = net.module_(X["x"], X["lengths"])
    return scores, y, X["weights"]


def test_loss_of_classes(dataset):
    net = make_net(dropout=0.0)
    scores, y, weights = by_hand(net, dataset)
    X = {"weights": weights}
    own = -torch.log_softmax(scores, dim=1)[torch.arange(40), y]
    expected = (weights * own).sum() / 40
    torch.testing.assert_close(net.get_loss(scores, y, X), expected)
    doubled = net.get_loss(scores, y, {"weights": 2 * weights})
    torch.testing.assert_close(doubled, 2 * expected)  # not divided by the weights


def test_loss_of_labels_is_their_mean(dataset):
    net = make_net(nn.BCEWithLogitsLoss, sizes={"n_outputs": 3})
    scores, _, weights = by_hand(net, dataset)
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(2, scores.shape, generator=generator).float()
    p = torch.sigmoid(scores)
    own = -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean(dim=1)
    found = net.get_loss(scores, y, {"weights": weights})
    torch.testing.assert_close(found, (weights * own).sum() / 40)


def test_validation_figures_are_those_of_the_rows(dataset, validation):
    net = trained(make_net(validation=validation, max_epochs=1), dataset)
    scores, y, weights = by_hand(net, validation)
    hit = scores.argmax(dim=1) == y
    epoch = net.history[-1]
    assert epoch["valid_accuracy"] == pytest.approx(
        float((weights * hit).sum() / weights.sum())
    )
    assert epoch["valid_loss"] == pytest.approx(
        float(net.get_loss(scores, y, {"weights": weights}))
    )


def test_training_figures_are_those_of_the_batches(make_sequences):
    # A step of no size: the weights of all batches are the initial ones.
    dataset = labelled(make_sequences(np.arange(40) % 9 + 1))
    net = make_net(lr=1e-30, dropout=0.0, word_dropout=0.0, max_epochs=1)
    scores, y, weights = by_hand(net, dataset)
    hit = scores.argmax(dim=1) == y
    expected = float(net.get_loss(scores, y, {"weights": weights}))
    trained(net, dataset)
    epoch = net.history[-1]
    assert epoch["train_accuracy"] == pytest.approx(
        float((weights * hit).sum() / weights.sum())
    )
    assert epoch["train_loss"] == pytest.approx(expected)
    assert epoch["train_batch_count"] == len(epoch["batches"]) == 5


def test_accuracy_of_labels_counts_whole_rows(make_sequences):
    sequences = make_sequences([3, 4, 5, 6])
    y = np.array([[0, 1], [1, 1], [0, 0], [1, 0]], np.float32)
    dataset = SequenceDataset(sequences, y, np.array([1.0, 2.0, 3.0, 4.0]))
    net = make_net(nn.BCEWithLogitsLoss, lr=1e-30, dropout=0.0, word_dropout=0.0)
    scores, _, weights = by_hand(net, dataset)
    hit = ((scores.numpy() > 0) == (y > 0)).all(axis=1)
    trained(net, dataset)
    assert net.history[-1]["train_accuracy"] == pytest.approx(
        float((weights.numpy() * hit).sum() / 10)
    )
    assert np.array_equal(net.predict(dataset), scores.numpy() > 0)


def test_history_is_tidy(dataset, validation):
    net = trained(make_net(validation=validation), dataset)
    rows = net.epochs(40)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    names = "epoch train_loss train_accuracy valid_loss valid_accuracy seconds rows"
    for row in rows:
        assert list(row) == names.split()
        assert row["rows"] == 40
        assert all(type(row[name]) is float for name in names.split()[1:-1])
        assert row["seconds"] > 0
        assert 0 <= row["train_accuracy"] <= 1
    assert [row["train_loss"] for row in rows] == net.history[:, "train_loss"]
    without = trained(make_net(), dataset).epochs(40)[0]
    assert "valid_loss" not in without


def test_the_loss_falls(make_sequences):
    sequences = make_sequences([6] * 80)
    first = sequences.values[sequences.starts]
    dataset = SequenceDataset(sequences, (first > 5).astype(int))
    net = trained(make_net(max_epochs=20, dropout=0.0), dataset)
    losses = net.history[:, "train_loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert (net.predict(dataset) == (first > 5)).mean() > 0.9


def test_predictions_for_scorers(dataset):
    net = trained(make_net(), dataset)
    scores = by_hand(net, dataset)[0]
    assert np.array_equal(net.predict(dataset), scores.argmax(dim=1))
    numbers = make_net(nn.MSELoss, sizes={"n_outputs": 1})
    assert np.array_equal(numbers.predict(dataset), by_hand(numbers, dataset)[0])


def test_batch_size_minus_one_is_all_rows(dataset):
    net = trained(make_net(batch_size=-1), dataset)
    assert net.history[:, "train_batch_count"] == [1, 1, 1]


# -- divergence


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_divergence_is_an_error(make_sequences, value):
    net = make_net(sizes={"cell": "rnn", "n_tokens": None, "input_size": 2})
    dataset = labelled(make_sequences([4] * 20, tokens=False))

    class Blow:  # a hook of torch, in the second epoch
        def __call__(self, module, args, output):
            return output * float(value) if len(net.history) == 2 else output

    net.module_.register_forward_hook(Blow())
    with pytest.raises(
        ValueError, match=r"^Training diverged at epoch 2 \(loss is"
    ) as e:
        net.train(dataset)
    assert str(e.value).endswith("; lower lr or scale X")


def test_an_absurd_learning_rate_diverges(make_sequences):
    sizes = {"cell": "rnn", "nonlinearity": "relu", "n_tokens": None, "input_size": 2}
    net = make_net(sizes=sizes, lr=1e20, optimizer="sgd", clip_norm=None)
    with pytest.raises(ValueError, match="Training diverged at epoch 1"):
        net.train(labelled(make_sequences([9] * 40, tokens=False)))


# -- settings


def test_net_params_reach_skorch(dataset):
    params = {
        "optimizer__betas": (0.5, 0.9),
        "criterion__label_smoothing": 0.2,
        "dropout": 0.0,
    }
    net = trained(make_net(net_params=params), dataset)
    assert net.optimizer_.defaults["betas"] == (0.5, 0.9)
    assert net.criterion_.label_smoothing == 0.2
    assert net.dropout == 0.0  # they win
    assert bits(net) != bits(trained(make_net(dropout=0.0), dataset))
    net.set_params(optimizer__lr=0.5)
    assert net.optimizer_.param_groups[0]["lr"] == 0.5


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adadelta", torch.optim.Rprop])
def test_optimizers(dataset, optimizer):
    net = trained(make_net(optimizer=optimizer), dataset)
    if isinstance(optimizer, str):
        assert type(net.optimizer_).__name__.lower() == optimizer
    else:
        assert type(net.optimizer_) is optimizer
    assert bits(net) != bits(make_net(optimizer=optimizer))


def test_weight_decay_and_clipping(dataset):
    assert make_net(weight_decay=0.1).optimizer_.defaults["weight_decay"] == 0.1
    plain = bits(trained(make_net(optimizer="sgd"), dataset))
    assert bits(trained(make_net(optimizer="sgd", clip_norm=1e-6), dataset)) != plain


def test_verbose_prints_and_quiet_does_not(dataset, capsys):
    trained(make_net(), dataset)
    assert capsys.readouterr() == ("", "")
    trained(make_net(verbose=1), dataset)
    assert "train_loss" in capsys.readouterr().out


# -- going on


def test_going_on_after_a_round_trip_gives_the_same_bits(dataset):
    net = trained(make_net(), dataset, 1)
    weights, history = to_arrays(net.module_.state_dict()), net.epochs(40)
    weights, states = pickle.loads(pickle.dumps((weights, net.states())))
    other = make_net(seed=9)
    other.resume(weights, history, **states)
    assert bits(trained(other, dataset, 1)) == bits(trained(net, dataset, 1))
    assert other.history[:, "train_loss"] == net.history[:, "train_loss"]


def test_parts_are_the_whole(dataset):
    # Without word dropout: it takes tokens that come again for more common ones.
    whole = trained(make_net(word_dropout=0.0), dataset, 3)
    net = trained(make_net(word_dropout=0.0), dataset, 1)
    assert bits(trained(net, dataset, 2)) == bits(whole)
    assert net.history[:, "train_loss"] == whole.history[:, "train_loss"]


def test_states_are_arrays_and_plain_values(dataset):
    def leaves(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            return [leaf for item in value for leaf in leaves(item)]
        return [value]

    found = leaves(trained(make_net(), dataset).states())
    plain = (np.ndarray, int, float, bool, str, type(None))
    assert all(isinstance(leaf, plain) for leaf in found)
    assert any(isinstance(leaf, np.ndarray) and leaf.size for leaf in found)


def test_skorchs_own_methods_train(dataset):
    net = trained(make_net(), dataset, 1)
    other = make_net(seed=None)  # as of an estimator that was pickled
    other.resume(to_arrays(net.module_.state_dict()), net.epochs(40))
    assert len(other.partial_fit(dataset).history) == 4
    assert bits(make_net().fit(dataset, None)) == bits(trained(make_net(), dataset))


def test_resumed_weights_predict_the_same(dataset):
    net = trained(make_net(), dataset)
    weights = to_arrays(net.module_.state_dict())
    for array in weights.values():
        array.setflags(write=False)  # as a memory map is
    other = make_net(seed=None)
    other.resume(weights, net.epochs(40))
    other.module_.eval()
    assert np.array_equal(other.forward(dataset), net.forward(dataset))
    assert other.epochs(40) == net.epochs(40)


# -- devices


def test_devices_without_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == "cpu"
    for device in ("cuda", "cuda:1"):
        message = f"^device='{device}' requested but CUDA is not available"
        with pytest.raises(ValueError, match=message):
            resolve_device(device)
        assert resolve_device(device, fall_back=True) == "cpu"


def test_devices_with_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert resolve_device("auto") == "cuda"
    assert resolve_device("cuda:0") == "cuda:0"
    with pytest.raises(ValueError, match="device='cuda:1' requested"):
        resolve_device("cuda:1")
