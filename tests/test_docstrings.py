"""Docstrings say what is there: parameters, defaults and attributes."""

import ast
import inspect
import re

import pytest

import sklstm
from sklstm import (
    BiLSTMClassifier,
    BiLSTMRegressor,
    GRUClassifier,
    GRURegressor,
    LSTMClassifier,
    LSTMLanguageModel,
    LSTMRegressor,
    PretrainedEmbeddingAverager,
    RNNClassifier,
    RNNRegressor,
    SequencePadder,
    TextTokenizer,
    WordVectors,
)

CLASSIFIERS = [RNNClassifier, GRUClassifier, LSTMClassifier, BiLSTMClassifier]
REGRESSORS = [RNNRegressor, GRURegressor, LSTMRegressor, BiLSTMRegressor]
ESTIMATORS = [
    TextTokenizer,
    SequencePadder,
    PretrainedEmbeddingAverager,
    *CLASSIFIERS,
    *REGRESSORS,
    LSTMLanguageModel,
]


def section(doc, title):
    """Return {name: (type line, text)} of a numpydoc section."""
    pattern = rf"^{title}\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)"
    body = re.search(pattern, inspect.cleandoc(doc), re.M | re.S)
    entries = re.findall(
        r"^(\w[\w, ]*?)(?: : (.*))?\n((?:(?: {4}.*)?\n)+)", body[1] + "\n", re.M
    )
    return {
        name: (kind, " ".join(text.split()))
        for names, kind, text in entries
        for name in names.split(", ")
    }


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_parameters_and_defaults(cls):
    documented = section(cls.__doc__, "Parameters")
    parameters = inspect.signature(cls).parameters
    assert list(documented) == list(parameters)
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty:  # an estimator cannot do without it
            continue
        assert parameter.kind is parameter.KEYWORD_ONLY
        default = documented[name][0].rpartition("default=")[2]
        if not isinstance(parameter.default, str):
            default = ast.literal_eval(default)
        else:
            default = default.strip('"')
        assert default == parameter.default, name
    assert set(cls._parameter_constraints) == set(parameters)


@pytest.mark.parametrize("siblings", [CLASSIFIERS, REGRESSORS])
def test_siblings_say_the_same(siblings):
    model = siblings[2]  # the LSTM
    expected = section(model.__doc__, "Parameters")
    for name in ("encoder", "gradual_unfreezing"):  # of LSTMs alone
        expected.pop(name, None)
    for cls in siblings:
        found = section(cls.__doc__, "Parameters")
        for name in ("nonlinearity", "encoder", "gradual_unfreezing"):
            found.pop(name, None)
        found["hidden_size"] = expected["hidden_size"]  # says more for two directions
        assert found == expected, cls
        attributes = section(cls.__doc__, "Attributes")
        assert attributes == section(model.__doc__, "Attributes")


def test_classifiers_and_regressors_say_the_same():
    ours, theirs = (
        section(cls.__doc__, "Parameters") for cls in (LSTMClassifier, LSTMRegressor)
    )
    for name in (ours.keys() & theirs.keys()) - {"validation_fraction"}:
        (our_kind, our_text), (their_kind, their_text) = ours[name], theirs[name]
        assert our_kind.split("default")[0] == their_kind.split("default")[0], name
        assert our_text in their_text or their_text in our_text, name


def required(cls):
    """Return the names of the parameters without a default."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name for p in parameters if p.default is p.empty}


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_attributes_exist(cls):
    documented = section(cls.__doc__, "Attributes")
    X = [[2.0, 3.0], [3.0, 2.0]] * 3
    if cls in (TextTokenizer, PretrainedEmbeddingAverager, LSTMLanguageModel):
        X = ["good", "bad"] * 3
    given = {"vectors": WordVectors(["good", "bad"], [[1], [-1]])}
    parameters = {name: given[name] for name in given if name in required(cls)}
    estimator = cls(**parameters).fit(X, [0, 1] * 3)
    expected = set(documented) - {"feature_names_in_", "word_vectors_"}  # need names
    for name in expected:
        assert hasattr(estimator, name), name
    public = {name for name in vars(estimator) if name[-1] == "_" and name[0] != "_"}
    mentioned = " ".join(text for _, text in documented.values())
    assert not [n for n in public - expected if f"``{n}``" not in mentioned]


def public_callables():
    things = [getattr(sklstm, name) for name in sklstm.__all__]
    things += [getattr(sklstm.inspection, name) for name in sklstm.inspection.__all__]
    for thing in [*things, sklstm.text.TextReport]:
        if inspect.isfunction(thing):
            yield thing
        if not inspect.isclass(thing):
            continue
        yield thing
        for method_name, method in inspect.getmembers(thing, inspect.isfunction):
            ours = method.__module__.startswith("sklstm")
            if ours and not method_name.startswith("_"):
                yield method


@pytest.mark.parametrize(
    "thing", dict.fromkeys(public_callables()), ids=lambda x: x.__qualname__
)
def test_public_things_are_documented(thing):
    doc = inspect.cleandoc(thing.__doc__)
    assert doc.splitlines()[0].endswith(".")
    if inspect.isfunction(thing):
        names = [
            ("*" * (p.kind - 2 if p.kind in (2, 4) else 0)) + n
            for n, p in inspect.signature(thing).parameters.items()
            if n != "self" and p.kind is not p.VAR_KEYWORD
        ]
        if names:
            assert list(section(doc, "Parameters"))[: len(names)] == names
        assert "Returns\n-------" in doc


def test_examples_are_in_every_class():
    for cls in ESTIMATORS:
        assert ">>> " in cls.__doc__
