"""A model over HTTP: loaded once, without torch, and with limits on what it reads.

``/health`` says which model it is, and ``/predict`` what it makes of texts:

    python examples/serve_http.py model.sklstm
    curl localhost:8000/predict --json '{"texts": ["a superb film", "dull"]}'
"""

import argparse
import signal
from typing import Annotated

import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

import sklstm

MAX_BYTES = 4_000_000  # of a request: the texts in JSON, with every letter escaped
MAX_TEXTS = 32  # in it
MAX_CHARACTERS = 10_000  # of a text
Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]


class Question(BaseModel):
    """What ``/predict`` reads."""

    texts: list[Text] = Field(min_length=1, max_length=MAX_TEXTS)


def make_app(path):
    """Return the service of the model in a file."""
    model, manifest = sklstm.runtime.load(path), sklstm.read_manifest(path)
    # A first answer: whatever is wrong with the model shows now
    labels_come_together = model.predict([""]).ndim > 1
    app = FastAPI(title="sklstm", max_body_size=MAX_BYTES)

    @app.get("/health")
    async def health() -> dict:
        return manifest

    @app.post("/predict")
    def predict(question: Question) -> dict:  # not async: in a thread of its own
        try:
            if not hasattr(model, "predict_proba"):
                return {"predictions": model.predict(question.texts).tolist()}
            proba, classes = model.predict_proba(question.texts), model.classes_
        except ValueError as error:  # in the words of the model
            raise HTTPException(422, str(error)) from error
        found = proba > 0.5 if labels_come_together else classes[proba.argmax(axis=1)]
        parts = {"predictions": found, "classes": classes, "probabilities": proba}
        return {name: part.tolist() for name, part in parts.items()}

    @app.exception_handler(RequestValidationError)
    async def refuse(request, error):  # without the input, which FastAPI would repeat
        said = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return JSONResponse({"detail": said}, 422)

    return app


def main():
    """Load the model that the command line names, and serve it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a file that sklstm.save has written")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 in a container")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    try:
        app = make_app(args.model)
    except (ImportError, OSError, TypeError, ValueError) as error:
        parser.error(str(error))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: status 0
    uvicorn.run(app, host=args.host, port=args.port, timeout_graceful_shutdown=20)


if __name__ == "__main__":
    main()
