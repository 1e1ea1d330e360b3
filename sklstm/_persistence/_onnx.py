"""to_onnx: the network of an estimator in ONNX's own recurrent operators.

Shapes in comments: B rows, L steps, E input width, D directions, H hidden width, K
outputs.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils.validation import check_is_fitted

from sklstm._persistence._files import replaced_file
from sklstm._validation import UNK_ID, Sequences
from sklstm.nn.inference import embedded_steps
from sklstm.recurrent._base import BaseRecurrentEstimator

OPSET, IR_VERSION = 17, 8  # of 2021: any runtime in use reads them

# ONNX stacks input, output, forget, cell; torch input, forget, cell, output. Of a GRU,
# ONNX update, reset, hidden; torch reset, update, new.
GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}


def to_onnx(estimator, path):
    """Write the network of a classifier or regressor as an ONNX file.

    The file takes what a tokenizer or a padder gives, not texts: ``x``, int64 token
    ids of shape (n_samples, n_steps) or float32 numbers of shape (n_samples, n_steps,
    n_channels), left-aligned; and ``lengths``, int64 of shape (n_samples,), how many
    steps of each row are read. Both sizes may change from call to call. It gives
    ``scores``, float32 of shape (n_samples, n_outputs), and ``probabilities`` of the
    same shape, or ``prediction``, in the units of ``y``.

    Parameters
    ----------
    estimator : classifier or regressor of this package
        A fitted one, the last step of a pipeline say.
    path : str or path
        Where to write; a file that is there is replaced.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    NotFittedError
        If the estimator has not been fitted.
    TypeError
        If it is something else than a recurrent classifier or regressor.
    ImportError
        If onnx is not installed.

    Notes
    -----
    Words that only pretrained vectors know (``vectors=``) are in the file as far as the
    tokenizer was fitted with them; ids past its vocabulary are the unknown word.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklstm import LSTMClassifier, to_onnx
    >>> X, y = np.array([[4, 2, 3], [2, 4, 0], [3, 3, 2], [4, 0, 0]]), [0, 1, 0, 1]
    >>> model = LSTMClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> path = to_onnx(model, tempfile.mkdtemp() + "/model.onnx")
    >>> session = onnxruntime.InferenceSession(path)
    >>> given = {"x": X.astype(np.int64), "lengths": np.array([3, 2, 3, 1])}
    >>> (found,) = session.run(["probabilities"], given)
    >>> bool(np.allclose(found, model.predict_proba(X), atol=1e-5))
    True
    """
    if not isinstance(estimator, BaseRecurrentEstimator):
        raise TypeError(
            "to_onnx takes a recurrent classifier or regressor, got "
            f"{type(estimator).__name__}; of a pipeline its last step: pipe[-1]."
        )
    check_is_fitted(estimator)
    model = _Graph(_onnx()).of(estimator)
    target = Path(path)
    with replaced_file(target) as file:
        file.write(model.SerializeToString())
    return target


def _onnx() -> Any:
    try:
        return import_module("onnx")
    except ImportError as error:
        raise ImportError("to_onnx needs onnx: pip install 'sklstm[onnx]'") from error


class _Graph:
    """The nodes of a network, one after the other."""

    def __init__(self, onnx: Any):
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, dtype: Any = None) -> str:
        name = f"constant_{len(self.constants)}"
        array = np.ascontiguousarray(value, dtype)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def add(self, kind: str, *inputs: str, n_outputs: int = 1, **settings: Any) -> Any:
        names = [f"{kind}_{len(self.nodes)}_{i}" for i in range(n_outputs)]
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, names, **settings))
        return names[0] if n_outputs == 1 else names

    def of(self, estimator: Any) -> Any:
        """Return the model of a fitted estimator."""
        sizes, weights = estimator.sizes_, estimator.state_
        tokens = sizes["n_tokens"] is not None
        steps = self._embed(estimator) if tokens else "x"
        steps = self.add("Transpose", steps, perm=[1, 0, 2])  # (L, B, E)
        lengths = self.add("Max", "lengths", self.constant([1], np.int64))
        for i in range(sizes["num_layers"]):
            states, last = self._layer(steps, lengths, i, sizes, weights)
            steps = self._side_by_side(states, [0, 2, 1, 3], [0, 0, -1])  # (L, B, D H)
        pooled = self._pool(sizes["pooling"], steps, last, lengths, weights)
        matrix = self.constant(weights["head.weight"].T)
        bias = self.constant(weights["head.bias"])
        scores = self.add("Add", self.add("MatMul", pooled, matrix), bias)
        self.nodes.append(self.onnx.helper.make_node("Identity", [scores], ["scores"]))
        return self._model(self._answer(estimator, scores), tokens, sizes)

    def _embed(self, estimator: Any) -> str:
        """Look up vectors of the ids that the tokenizer gives, (B, L) -> (B, L, E)."""
        vocabulary = estimator._vocabulary_
        n_ids = estimator.sizes_["n_tokens"]
        if vocabulary is not None:
            n_ids = vocabulary.n_fitted
        ids = np.arange(n_ids, dtype=np.int32)
        every = Sequences(ids, np.array([n_ids]), vocabulary=vocabulary)
        table = embedded_steps(estimator.net_.module_, estimator._read_ids(every))
        known = self.add("Less", "x", self.constant(n_ids, np.int64))
        ids_read = self.add("Where", known, "x", self.constant(UNK_ID, np.int64))
        return self.add("Gather", self.constant(table), ids_read)

    def _layer(
        self, steps: str, lengths: str, i: int, sizes: dict, weights: dict
    ) -> list[str]:
        """Return all states (L, D, B, H) of a layer, and the last ones (D, B, H)."""
        cell, hidden = sizes["cell"], sizes["hidden_size"]
        ways = ["forward", "backward"] if sizes["bidirectional"] else ["forward"]

        def stacked(name: str) -> np.ndarray:
            of_ways = []
            for way in ways:
                weight = weights[f"recurrent.{way}_layers.{i}.{name}_l0"]
                gates = weight.reshape(len(GATES[cell]), hidden, *weight.shape[1:])
                of_ways.append(gates[list(GATES[cell])].reshape(weight.shape))
            return np.stack(of_ways)  # (D, gates H, ...)

        biases = np.concatenate([stacked("bias_ih"), stacked("bias_hh")], axis=1)
        settings: dict[str, Any] = {"linear_before_reset": 1} if cell == "gru" else {}
        if cell == "rnn":
            settings["activations"] = [sizes["nonlinearity"].capitalize()] * len(ways)
        return self.add(
            cell.upper(),
            steps,
            self.constant(stacked("weight_ih")),
            self.constant(stacked("weight_hh")),
            self.constant(biases),
            self.add("Cast", lengths, to=self.onnx.TensorProto.INT32),
            n_outputs=2,
            hidden_size=hidden,
            direction="bidirectional" if len(ways) == 2 else "forward",
            **settings,
        )

    def _side_by_side(self, states: str, perm: list[int], shape: list[int]) -> str:
        """Put the directions beside one another."""
        turned = self.add("Transpose", states, perm=perm)
        return self.add("Reshape", turned, self.constant(shape, np.int64))

    def _pool(
        self, how: str, steps: str, last: str, lengths: str, weights: dict
    ) -> str:
        """Return one vector for each row, (B, D H)."""
        if how == "last":
            return self._side_by_side(last, [1, 0, 2], [0, -1])
        n_steps = self.add(
            "Gather", self.add("Shape", steps), self.constant(0, np.int64)
        )
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        step = self.add("Range", zero, n_steps, one)  # (L,)
        step = self.add("Unsqueeze", step, self.constant([1], np.int64))
        inside = self.add("Less", step, lengths)  # (L, B)
        inside = self.add("Unsqueeze", inside, self.constant([2], np.int64))
        lowest = self.constant(-np.inf, np.float32)
        first_axis = self.constant([0], np.int64)
        if how == "max":
            kept = self.add("Where", inside, steps, lowest)
            return self.add("ReduceMax", kept, axes=[0], keepdims=0)
        if how == "mean":
            kept = self.add("Where", inside, steps, self.constant(0, np.float32))
            total = self.add("ReduceSum", kept, first_axis, keepdims=0)
            count = self.add("Cast", lengths, to=self.onnx.TensorProto.FLOAT)
            count = self.add("Unsqueeze", count, self.constant([1], np.int64))
            return self.add("Div", total, count)
        key = self.add("MatMul", steps, self.constant(weights["pooling.key.weight"].T))
        key = self.add("Add", key, self.constant(weights["pooling.key.bias"]))
        query = self.constant(weights["pooling.query.weight"].T)
        scores = self.add("MatMul", self.add("Tanh", key), query)  # (L, B, 1)
        share = self.add("Softmax", self.add("Where", inside, scores, lowest), axis=0)
        weighted = self.add("Mul", share, steps)
        return self.add("ReduceSum", weighted, first_axis, keepdims=0)

    def _answer(self, estimator: Any, scores: str) -> str:
        """Add the output that is asked for, and return its name."""
        make_node = self.onnx.helper.make_node
        if is_regressor(estimator):
            scaled = self.add(
                "Mul", scores, self.constant(estimator.target_scale_, np.float32)
            )
            mean = self.constant(estimator.target_mean_, np.float32)
            self.nodes.append(make_node("Add", [scaled, mean], ["prediction"]))
            return "prediction"
        kind = "Sigmoid" if estimator._multilabel_ else "Softmax"
        settings = {} if estimator._multilabel_ else {"axis": 1}
        self.nodes.append(make_node(kind, [scores], ["probabilities"], **settings))
        return "probabilities"

    def _model(self, answer: str, tokens: bool, sizes: dict) -> Any:
        helper, types = self.onnx.helper, self.onnx.TensorProto
        x_type = types.INT64 if tokens else types.FLOAT
        x_shape = ["n_samples", "n_steps", *([] if tokens else [sizes["input_size"]])]
        info = helper.make_tensor_value_info
        out = ["n_samples", sizes["n_outputs"]]
        graph = helper.make_graph(
            self.nodes,
            "sklstm",
            [
                info("x", x_type, x_shape),
                info("lengths", types.INT64, ["n_samples"]),
            ],
            [info("scores", types.FLOAT, out), info(answer, types.FLOAT, out)],
            self.constants,
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        self.onnx.checker.check_model(model)
        return model
