"""What a trace of film reviews could hold: data of the page, made up."""

import numpy as np

MARKUP = "</script><script>alert(1)</script><b>&amp;"
SIGNALS = "input gate", "forget gate", "output gate", "candidate", "cell state"


def values(kind, shape, dtype, rows, words=(), density=None):
    names = "type", "shape", "dtype", "rows", "words", "density"
    described = kind, shape, dtype, list(rows), list(words), density
    return dict(zip(names, described, strict=True))


def stage(name, kind, summary, given, made, **more):
    first = {"name": name, "kind": kind, "summary": summary}
    rest = {"level": 0, "n_parameters": None, "formula": ""}
    return {**first, **rest, "input": given, "output": made, **more}


def make_flow():
    """A tokenizer, a padder and a classifier with its layers."""
    docs = ["not a bad film at all", "A slow start, but what an ending!", "boring 😴"]
    ids = ["6 2 14 9 21 33", "2 118 402 4 27 52 31 87 5", "311 1"]
    words = [
        "not a bad film at all",
        "a slow start , but what an ending !",
        "boring 😴",
    ]
    padded = [f"{ids[0]} 0 …", f"{ids[1]}", f"{ids[2]} 0 0 0 0 0 …"]
    filled = [f"{words[0]} <pad> …", words[1], "boring 😴" + " <pad>" * 5 + " …"]
    texts = values("Series", "(1000,)", "str", docs)
    tokens = values("TokenArray", "(1000, 2..52)", "int32", ids, words)
    matrix = values("TokenArray", "(1000, 40)", "int32", padded, filled)
    looked_up = "0.021 -0.334 0.12 0.08 -0.54 …", "0.4 0.11 -0.2 0.003 0.18 …"
    vectors = values("ndarray", "(1000, 40, 50)", "float32", looked_up)
    states = values("ndarray", "(1000, 64)", "float32", ["-0.71 0.02 0.88 0.13 …"])
    labels = values("ndarray", "(1000,)", "str", ["pos", "pos", "neg"])
    turn = "Turn texts into sequences of token ids."
    gates = "4 × (50 × 64 + 64 × 64 + 2 × 64)"
    read = "Read the vectors in order and remember what matters."
    choose = "Classify sequences with a long short-term memory."
    inside = {"level": 1}
    return {
        "note": "",
        "n_rows": 1000,
        "n_total": 5000,
        "stages": [
            stage("texttokenizer", "TextTokenizer", turn, texts, tokens),
            stage(
                "sequencepadder", "SequencePadder", "Make one array.", tokens, matrix
            ),
            stage(
                *("lstmclassifier", "LSTMClassifier", choose, matrix, labels),
                **{"n_parameters": 200426, "formula": "170,600 + 29,696 + 130"},
            ),
            stage(
                *("embedding", "Embedding", "One vector for each word.", matrix),
                *(vectors,),
                **{"n_parameters": 170600, "formula": "3,412 × 50", **inside},
            ),
            stage(
                *("lstm", "LSTM", read, vectors, states),
                **{"n_parameters": 29696, "formula": gates, **inside},
            ),
        ],
        "facts": [
            ["documents", "1,000"],
            ["words in a document", "2 to 52, median 19"],
            ["vocabulary", "3,412 words"],
            ["unknown words", "2.1 %"],
            ["empty documents", "0"],
            ["cut off by the padder", "4.8 % of words"],
        ],
        "warnings": ["12 documents occur more than once."],
    }


def make_run(name, n, seed, best=None):
    rng = np.random.default_rng(seed)
    rows = []
    for epoch in range(1, n + 1):
        train = 0.62 * np.exp(-0.3 * epoch) + 0.06 + 0.01 * rng.random()
        valid = train + 0.012 * epoch + 0.09
        rows.append(
            {
                "epoch": epoch,
                "train_loss": train,
                "train_accuracy": 1 - train / 1.5,
                "valid_loss": valid,
                "valid_accuracy": 0.97 - valid / 1.5,
                "observation": ["falling fast: 28 % below the epoch before", ""][
                    epoch > 3
                ],
            }
        )
    return {"name": name, "n_rows": 800, "best": best, "rows": rows}


def make_reading(title, steps, *, seed=0, outputs=("neg", "pos"), units=64, **more):
    """Numbers as a net could give them, for the steps that are not left out."""
    rng = np.random.default_rng(seed)
    read = [i for i, step in enumerate(steps) if step["mark"] != "cut"]
    n = len(read)
    scores = rng.normal(size=(n, len(outputs))).cumsum(axis=0)
    reading = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    result = reading[-1] if n else np.full(len(outputs), 1 / max(len(outputs), 1))
    wave = np.sin(rng.normal(size=units) + 0.4 * np.arange(n)[:, None])
    gates = {
        name: 1 / (1 + np.exp(-3 * wave * rng.normal(size=units)))
        for name in SIGNALS[:3]
    }
    signed = {"candidate": wave, "cell state": wave.cumsum(axis=0) / 3}
    signals = {**gates, **signed, "hidden state": np.tanh(wave) * gates["output gate"]}
    out = {"name": "left out", "about": "How far the probability falls without it."}
    times = {"name": "gradient × input", "about": "To first order."}
    return {
        "title": title,
        "input": "text",
        "steps": steps,
        "read": read,
        "outputs": list(outputs),
        "scale": "probability",
        "result": result,
        "predicted": outputs[int(result.argmax())] if outputs else "",
        "true": outputs[-1] if outputs else None,
        "reading": reading,
        "contributions": [
            {**out, "values": rng.normal(scale=0.2, size=n)},
            {**times, "values": rng.normal(scale=0.05, size=n)},
        ],
        "gradient": np.exp(-0.4 * np.arange(n)[::-1]) * (1 + rng.random(n)),
        "layers": [{"name": "LSTM", "units": units, "signals": signals}],
        "next_words": None,
        **more,
    }


def words_of(text, unknown=()):
    return [
        {
            "label": word,
            "id": 1 if word in unknown else 10 + i,
            "mark": "unknown" if word in unknown else "",
            "values": None,
        }
        for i, word in enumerate(text.split())
    ]


def make_series(n, channels=1):
    time = np.arange(n)
    curves = [
        100 + 20 * np.sin(time / (3 + k)) + time * (k + 1) for k in range(channels)
    ]
    rows = np.column_stack(curves)
    steps = [
        {"label": f"step {i + 1}", "id": None, "mark": "", "values": row}
        for i, row in enumerate(rows)
    ]
    base = make_reading("Months 1 to 36", steps, seed=4, outputs=("next month",))
    level = rows[:, :1] * 1.1
    changes = {"result": level[-1], "reading": level, "predicted": "149.2"}
    return {**base, **changes, "input": "series", "scale": "value", "true": "151.0"}


def make_language(text):
    base = make_reading(text, words_of(text), seed=5, outputs=())
    following = [[["the", 0.21], ["a", 0.1], ["lord", 0.04]] for _ in base["read"]]
    changes = {"input": "language", "contributions": [], "next_words": following}
    return {**base, **changes, "true": None, "predicted": "", "gradient": None}


def make_page_data():
    long = (
        "I had heard a lot about this film before I went , and not all of it was "
        "good . The first half drags , the songs are flat and nobody seems to have "
        "told the lead what the story is about . And then , all at once , it finds "
        "its feet : the scene on the bridge is as good as anything I saw this year 🎬 "
        ", and the last ten minutes had the whole row in tears ."
    )
    cut_off = words_of(long, {"🎬"})
    for step in cut_off[:6]:
        step["mark"] = "cut"
    film = "not a bad film at all"
    readings = [
        make_reading(film, words_of(film), seed=3),
        make_reading(long, cut_off, seed=1, predicted="neg"),
        make_reading("הסרט הזה מצוין", words_of("הסרט הזה מצוין"), seed=2),
        make_reading("", [], seed=2, true=None),
        make_language("To be , or not to be"),
        make_series(36, 2),
    ]
    return {
        "title": "LSTMClassifier on film reviews",
        "subtitle": "How a pipeline turns 5,000 texts into labels, step by step.",
        "flow": make_flow(),
        "training": {
            "note": "Loss is the mean cross-entropy.",
            "unit": "epoch",
            "runs": [make_run("fit", 12, 0, best=5)],
        },
        "predictions": {"note": "Six examples.", "readings": readings},
        "quiz": [
            {
                "question": "Why does the validation loss rise while the other falls?",
                "answer": "The net learns the training texts by heart.",
            },
            {"question": "What is id 1?", "answer": "A word that fit did not see."},
        ],
        "insight": "The forget gate keeps the word “not” until “bad” arrives.",
    }


def only(**parts):
    """Data of a page that shows nothing but these parts."""
    nothing = dict.fromkeys(("flow", "training", "predictions"))
    return {"title": "T", "subtitle": "", "insight": "", "quiz": [], **nothing, **parts}
