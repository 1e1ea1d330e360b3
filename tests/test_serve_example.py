"""The service: a real process, real HTTP, and clients that send what they like."""

import importlib.util
import json
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pandas as pd
import pytest
import uvicorn
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm import LSTMClassifier, LSTMRegressor, TextTokenizer

SERVE = Path(__file__).parents[1] / "examples" / "serve_http.py"
TINY = {"hidden_size": 8, "max_epochs": 3, "lr": 0.05, "random_state": 0}
TEXTS = [
    *("a good film", "दिलचस्प फ़िल्म", "好看的电影", "فيلم ممتع \U0001f600"),
    *("bad", "", "na\u00efve \0\n\u2028", "scho\u0308n langweilig"),
]
LABELS = ["good"] * 4 + ["bad"] * 4

# Where nothing can be imported but NumPy and what serves
ALONE = """
import runpy, sys
for name in ("gensim", "joblib", "pandas", "scipy", "skops", "sklearn", "torch"):
    sys.modules[name] = None
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def fitted(net, targets=LABELS):
    return make_pipeline(TextTokenizer(), net).fit(TEXTS, targets)


@pytest.fixture(scope="module")
def pipe():
    return fitted(LSTMClassifier(**TINY))


@pytest.fixture(scope="module")
def path(pipe, tmp_path_factory):
    return sklstm.save(pipe, tmp_path_factory.mktemp("model") / "model.sklstm")


@contextmanager
def process(log, *command):
    """Start a service; stop it as a container is stopped, and look how it ended."""
    with open(log, "wb") as file:
        command = [sys.executable, *command, "--port", "0"]
        service = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=file)
    try:
        for _ in range(1200):
            found = re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text("utf-8"))
            if found or service.poll() is not None:
                break
            time.sleep(0.05)
        assert found, log.read_text("utf-8")
        yield service, int(found[1])
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0, log.read_text("utf-8")
        assert "Traceback" not in log.read_text("utf-8")
    finally:
        service.kill()
        service.wait()


@pytest.fixture(scope="module")
def port(path, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "log"
    with process(log, "-c", ALONE, str(SERVE), str(path)) as (_, port):
        yield port


def connect(port):
    return closing(HTTPConnection("127.0.0.1", port, timeout=60))


def ask(connection, method, path, body=None):
    """Return the status and the answer."""
    connection.request(method, path, body, {"content-type": "application/json"})
    return read(connection)


def read(connection):
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def predict(connection, texts):
    status, found = ask(connection, "POST", "/predict", json.dumps({"texts": texts}))
    assert status == 200, found
    return found


def test_health(port, path):
    with connect(port) as connection:
        expected = sklstm.read_manifest(path)
        assert ask(connection, "GET", "/health") == (200, expected)


def test_answers_are_those_of_the_pipeline(port, pipe):
    texts = [*TEXTS, "a bad film", "z" * 10_000, " ".join(TEXTS)]
    with connect(port) as connection:
        found = predict(connection, texts)
    assert found["classes"] == ["bad", "good"]
    assert found["predictions"] == pipe.predict(texts).tolist()
    expected = pipe.predict_proba(texts)
    np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-5)
    assert np.ptp(expected[:, 1]) > 0.1


def test_clients_side_by_side(port, pipe):
    expected = pipe.predict_proba(TEXTS)
    together = Barrier(8)

    def client(number):
        with connect(port) as connection:
            together.wait()
            for i in range(25):
                rows = [(number + i) % 8, (number * i) % 8]
                found = predict(connection, [TEXTS[row] for row in rows])
                np.testing.assert_allclose(
                    found["probabilities"], expected[rows], rtol=0, atol=1e-5
                )
            return i

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(client, range(8))) == [24] * 8


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "body: Field required"),
        (b'{"texts": ["a"', 422, "body.14: JSON decode error"),
        (b'{"texts": ["\xff"]}', 400, "error parsing the body"),
        (b"[" * 200_000, 400, "error parsing the body"),
        (b"[]", 422, "body: Input should be a valid dictionary"),
        (b'{"text": ["a"]}', 422, "body.texts: Field required"),
        (b'{"texts": "a text"}', 422, "body.texts: Input should be a valid list"),
        (b'{"texts": [1]}', 422, "body.texts.0: Input should be a valid string"),
        (b'{"texts": ["a", null]}', 422, "body.texts.1: Input should be a valid"),
        (b'{"texts": ["\\ud83d"]}', 422, "unable to parse raw data as a unicode"),
        (b'{"texts": []}', 422, "body.texts: List should have at least 1 item"),
        (json.dumps({"texts": ["a"] * 33}), 422, "should have at most 32 items"),
        (
            json.dumps({"texts": ["a", "x" * 1_000_000]}),
            422,
            "body.texts.1: String should have at most 10000 characters",
        ),
    ],
    ids=lambda value: str(value[:24]) if isinstance(value, str | bytes) else value,
)
def test_what_is_refused(port, pipe, body, status, words):
    with connect(port) as connection:
        found, answer = ask(connection, "POST", "/predict", body)
        assert (found, list(answer)) == (status, ["detail"])
        assert words in str(answer["detail"])
        assert len(str(answer)) < 200  # nothing of a long input comes back
    with connect(port) as connection:
        found = predict(connection, ["bad"])
        assert found["predictions"] == pipe.predict(["bad"]).tolist()


@pytest.mark.parametrize("length", ["100000000", None])
def test_a_large_body_is_not_waited_for(port, length):
    with connect(port) as connection:
        connection.putrequest("POST", "/predict")
        connection.putheader("content-type", "application/json")
        if length is not None:  # and none of it is sent
            connection.putheader("content-length", length)
            connection.endheaders()
        else:  # it says when it ends, which it does not
            connection.putheader("transfer-encoding", "chunked")
            connection.endheaders(b"%x\r\n%s" % (4_000_001, b" " * 4_000_001))
        response = connection.getresponse()
        assert response.status == 413
        assert b"Content Too Large" in response.read()


@pytest.mark.parametrize(
    ("method", "place", "status", "words"),
    [
        ("GET", "/", 404, "Not Found"),
        ("POST", "/predictions", 404, "Not Found"),
        ("GET", "/predict", 405, "Method Not Allowed"),
    ],
)
def test_other_places(port, method, place, status, words):
    with connect(port) as connection:
        assert ask(connection, method, place) == (status, {"detail": words})


def test_a_request_that_has_begun_is_answered_before_the_end(path, tmp_path):
    """And a connection that only stays open does not keep the service."""
    body = b'{"texts": ["a good film"]}'
    with process(tmp_path / "log", str(SERVE), str(path)) as (service, port):
        with connect(port) as begun, connect(port) as idle:
            assert ask(idle, "GET", "/health")[0] == 200
            begun.putrequest("POST", "/predict")
            begun.putheader("content-type", "application/json")
            begun.putheader("content-length", str(len(body)))
            begun.endheaders(body[:9])
            assert ask(idle, "GET", "/health")[0] == 200  # so it has been seen
            service.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            begun.send(body[9:])
            assert read(begun)[0] == 200


@pytest.fixture(scope="module")
def serve():
    spec = importlib.util.spec_from_file_location("serve_http", SERVE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def thread(app):
    """Run a service in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    running = Thread(target=server.run)
    running.start()
    while not server.started:
        assert running.is_alive()
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        running.join()


@pytest.mark.parametrize(
    ("targets", "kind"),
    [
        ([3, -1] * 4, int),
        ([True, False] * 4, bool),
        (["a", "b", "c", "a"] * 2, str),
        (pd.Categorical(["x", "y"] * 4), str),
        (pd.array([1, 0] * 4, dtype="Int64"), int),
        (np.array([np.int64(1), np.int64(2)] * 4, dtype=object), int),
        (np.tile([[0, 1, 1], [1, 0, 1]], (4, 1)), int),
    ],
)
def test_labels_keep_their_types(serve, tmp_path, targets, kind):
    pipe = fitted(LSTMClassifier(**TINY), targets)
    app = serve.make_app(sklstm.save(pipe, tmp_path / "model"))
    with thread(app) as port, connect(port) as connection:
        found = predict(connection, TEXTS)
    assert found["predictions"] == pipe.predict(TEXTS).tolist()
    assert found["classes"] == pipe.classes_.tolist()
    assert set(map(type, found["classes"])) == {kind}
    expected = pipe.predict_proba(TEXTS)
    np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-5)


def test_numbers(serve, tmp_path):
    pipe = fitted(LSTMRegressor(**TINY), np.arange(8.0))
    app = serve.make_app(sklstm.save(pipe, tmp_path / "model"))
    with thread(app) as port, connect(port) as connection:
        found = predict(connection, TEXTS)
    assert list(found) == ["predictions"]
    expected = pipe.predict(TEXTS)
    np.testing.assert_allclose(found["predictions"], expected, rtol=0, atol=1e-4)


@pytest.fixture
def refusal(serve, monkeypatch, capsys):
    """Return what the program says when it does not start."""

    def say(*arguments):
        monkeypatch.setattr(sys, "argv", ["serve_http.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            serve.main()
        assert exit_.value.code == 2
        return capsys.readouterr().err

    return say


def test_files_that_are_not_served(refusal, pipe, path, tmp_path):
    assert "the following arguments are required: model" in refusal()
    assert "No such file" in refusal(tmp_path / "none")
    (tmp_path / "text").write_text("no model")
    assert "is no file that sklstm.save has written" in refusal(tmp_path / "text")
    net = sklstm.save(pipe[-1], tmp_path / "net")
    assert "Save the pipeline with its TextTokenizer" in refusal(net)
    steps = TruncatedSVD(2), LogisticRegression()
    longer = make_pipeline(*pipe, *steps).fit(TEXTS, LABELS)
    longer = sklstm.save(longer, tmp_path / "longer")
    assert "does not know the step 'truncatedsvd'" in refusal(longer)
