"""Why the engine is as it is: each choice beside what else could be done.

    python benchmarks/engine.py [N_REPEATS]

One layer of 50 -> 64 and of 100 -> 128 units, forward and backward, by turns; and whole
fits with flags of the CPU. Medians and ranges. Cores that something else keeps busy
change all of it.
"""

import json
import os
import subprocess
import sys
import time
import warnings
from functools import partial

import numpy as np
import torch
from documents import make_documents
from measuring import alternate, middle, print_head, print_row
from torch import nn

from sklstm.nn.modules import _initialize_cell
from sklstm.nn.parts import run_layers
from sklstm.nn.threads import fair_share

SIZES = {"50 -> 64": (50, 64), "100 -> 128": (100, 128)}


def layer_and_batch(size, n_rows, n_steps):
    """Return a layer, a batch and the gradient of its states."""
    n_inputs, n_units = SIZES[size]
    torch.manual_seed(0)
    layer = nn.LSTM(n_inputs, n_units, batch_first=True)
    with torch.no_grad():
        _initialize_cell(layer, torch.Generator().manual_seed(0))
    x = torch.randn(n_rows, n_steps, n_inputs, requires_grad=True)
    gradient = torch.zeros(n_rows, n_steps, n_units)
    gradient[:, -1] = 1
    return layer, x, gradient


def forward_and_backward(run, layer, x, gradient):
    """Return the seconds of one pass."""
    started = time.perf_counter()
    torch.autograd.grad(run(layer, x), [x, *layer.parameters()], gradient)
    return time.perf_counter() - started


def whole(layer, x):
    """Return the states from one call, whose threads meet at every step."""
    return layer(x)[0]


def in_parts(layer, x):
    """Return the states of parts, a thread for each."""
    return run_layers([layer], [x])[0]


def bfloat16(layer, x):
    """Return the states of parts, computed in bfloat16."""
    return run_layers([layer], [x], torch.bfloat16)[0]


def passes(size, n_rows, n_steps, n_repeats, ways):
    """Return milliseconds of each way, by turns; backward within the same share."""
    batch = layer_and_batch(size, n_rows, n_steps)
    taken = {name: [] for name in ways}
    for i in range(-3, n_repeats):
        for name, (run, n_threads) in ways.items():
            torch.set_num_threads(n_threads)
            if run is whole:
                seconds = forward_and_backward(run, *batch)
            else:
                with fair_share():
                    seconds = forward_and_backward(run, *batch)
            if i >= 0:
                taken[name].append(1e3 * seconds)
    return taken


def compare_threads(n_repeats):
    """Return the milliseconds of a layer by threads, for a child process."""
    n_threads = os.cpu_count()
    ways = {
        "one call, all threads": (whole, n_threads),
        "one call, one thread": (whole, 1),
        "parts": (in_parts, n_threads),
        "parts, bfloat16": (bfloat16, n_threads),
    }
    return {
        f"{size}, {n_rows} x {n_steps}": passes(size, n_rows, n_steps, n_repeats, ways)
        for size, n_rows, n_steps in (
            ("50 -> 64", 32, 40),
            ("100 -> 128", 64, 50),
            ("100 -> 128", 64, 200),
        )
    }


def print_threads(n_repeats):
    """Print a layer by threads: on a quiet machine, asleep, and beside another."""
    spin = [sys.executable, "-c", "while True: pass"]
    for title, variables, busy in (
        ("threads that wait spin for a while (the default of OpenMP)", {}, False),
        ("threads that wait sleep", {"OMP_WAIT_POLICY": "PASSIVE"}, False),
        ("another process keeps one core busy", {}, True),
    ):
        other = subprocess.Popen(spin) if busy else None
        try:
            done = subprocess.run(
                [sys.executable, __file__, "--threads", str(n_repeats)],
                env=os.environ | variables,
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            if other is not None:
                other.kill()
                other.wait()
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"\n## One layer, ms: {title}\n")
        print_head("layer, rows x steps", *next(iter(found.values())))
        for name, taken in found.items():
            print_row(name, *(middle(values, "{:.1f}") for values in taken.values()))


def print_rows_of_a_part(n_repeats):
    """Print what a row costs in batches of several sizes, on one thread."""
    sizes = [8, 16, 32, 64, 128, 256]
    print("\n## Microseconds for a row of 50 steps, by rows of a call, one thread\n")
    print_head("layer", *sizes)
    for size in SIZES:
        cells = []
        for n_rows in sizes:
            taken = passes(size, n_rows, 50, n_repeats, {"": (whole, 1)})[""]
            cells.append(f"{1e3 * np.median(taken) / n_rows:.0f}")
        print_row(size, *cells)


def print_subnormals(n_repeats):
    """Print the time of a fit with subnormal numbers as they are, and flushed."""
    code = (
        "import sys, time, torch; torch.set_flush_denormal(bool(int(sys.argv[1])))\n"
        "from documents import make_documents; from systems import Sklstm\n"
        "documents = make_documents(500, 'long'); documents.ids\n"
        "Sklstm(False, 1, 0, 'cpu').fit(documents.head(64))\n"
        "started = time.perf_counter(); Sklstm(False, 1, 0, 'cpu').fit(documents)\n"
        "print(time.perf_counter() - started)"
    )
    taken = {"0": [], "1": []}
    for _ in range(n_repeats):
        for flag, seconds in taken.items():
            done = subprocess.run(
                [sys.executable, "-c", code, flag],
                cwd=os.path.dirname(os.path.abspath(__file__)),
                capture_output=True,
                text=True,
                check=True,
            )
            seconds.append(float(done.stdout))
    ratio = np.array(taken["0"]) / np.array(taken["1"])
    print("\n## A fit of long documents, subnormal numbers kept / flushed to zero\n")
    print(middle(ratio))


def print_overhead(n_repeats):
    """Print what a batch of short rows costs, where calls count for much."""
    from hand_loop import HandLoop

    from sklstm import LSTMClassifier

    documents = make_documents(4000, 8)
    settings = dict(
        hidden_size=128, embedding_dim=100, batch_size=64, input_type="tokens",
        pooling="last", max_epochs=1, device="cpu", random_state=0,
    )  # fmt: skip
    off = dict(dropout=0.0, word_dropout=0.0, average=False, clip_norm=None)
    ways = {
        "hand-written loop": lambda: HandLoop(False, 1, 0, 20_000).fit(documents),
        "sklstm": lambda: LSTMClassifier(**settings, **off).fit(
            documents.ids, documents.y
        ),
        "sklstm, all defaults on": lambda: LSTMClassifier(**settings).fit(
            documents.ids, documents.y
        ),
    }
    taken = alternate(ways, n_repeats, n_first=1)
    print("\n## Documents of 8 tokens: ms for a batch of 64, of a whole fit\n")
    print_head("what", "ms")
    for name, seconds in taken.items():
        print_row(name, middle(1e3 * np.array(seconds) / (4000 / 64)))


def from_table(gates, weight, n_units):
    """Return the states of an LSTM whose input's share of the gates is given.

    For frozen vectors that share could be a table with a row for each word.
    """
    h = c = gates.new_zeros(gates.shape[0], n_units)
    states = []
    for gate in gates.unbind(1):
        i, f, g, o = torch.addmm(gate, h, weight).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states, 1)


@torch.inference_mode()
def print_table_of_gates(n_repeats):
    """Print the forward pass of a layer beside one that is spared its inputs."""
    print("\n## Forward pass of 64 rows x 50 steps, ms: what a table of gates saves\n")
    names = "the layer", "the layer, inputs of one number", "table, loop"
    print_head("layer", *names)
    for size, (_, n_units) in SIZES.items():
        layer, x, _ = layer_and_batch(size, 64, 50)
        narrow = nn.LSTM(1, n_units, batch_first=True)
        gates = x @ layer.weight_ih_l0.T + layer.bias_ih_l0 + layer.bias_hh_l0
        weight = layer.weight_hh_l0.T.contiguous()
        steps = (
            partial(whole, layer, x),
            partial(whole, narrow, x[:, :, :1]),
            partial(from_table, gates, weight, n_units),
        )
        torch.testing.assert_close(steps[0](), steps[2](), rtol=1e-4, atol=1e-5)
        taken = alternate(dict(zip(names, steps, strict=True)), n_repeats)
        print_row(size, *(middle(1e3 * np.array(s)) for s in taken.values()))


def print_batch_sizes(n_repeats):
    """Print the speed of fits by their batch size."""
    from systems import Sklstm

    documents = make_documents(4000)
    sizes = [16, 32, 64, 128, 256, 512]

    def fit(size):
        system = Sklstm(False, 1, 0, "cpu")
        system.model.set_params(batch_size=size)
        system.fit(documents)

    taken = alternate({size: partial(fit, size) for size in sizes}, n_repeats, 1)
    print("\n## A fit of short documents by batch size, thousand tokens/s\n")
    print_head(*sizes)
    n_tokens = documents.lengths.sum() / 1e3
    print_row(*(f"{n_tokens / np.median(taken[size]):.0f}" for size in sizes))


def main(n_repeats=15):
    """Print the tables."""
    n_repeats = int(n_repeats)
    print(f"`python benchmarks/engine.py {n_repeats}`, {os.cpu_count()} cores,")
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}")
    print_threads(n_repeats)
    print_rows_of_a_part(n_repeats)
    print_subnormals(5)
    print_overhead(5)
    print_table_of_gates(n_repeats)
    print_batch_sizes(3)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--threads"]:
        print(json.dumps(compare_threads(int(sys.argv[2]))))
    else:
        warnings.simplefilter("error")
        main(*sys.argv[1:])
