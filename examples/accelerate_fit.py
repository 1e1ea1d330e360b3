"""One fit on many devices: each process computes its part of every batch.

    accelerate launch --multi_gpu --num_processes 8 examples/accelerate_fit.py MODEL

On a machine without GPUs the same command starts processes that meet over TCP. Without
``accelerate launch`` it is a fit like any other, to the same weights but for rounding.
"""

import argparse

from accelerate import PartialState
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm.datasets import make_reviews


def main():
    """Fit on all devices, and save one plain model."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", help="where to save the fitted pipeline")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()

    # Every process reads the same rows, and plans the same batches of them
    texts, labels = make_reviews(args.rows, random_state=0)
    train, test, y_train, y_test = train_test_split(texts, labels, random_state=0)
    pipe = make_pipeline(
        sklstm.TextTokenizer(),
        sklstm.BiLSTMClassifier(
            device="accelerate",
            batch_size=64,  # of all devices together
            max_epochs=args.epochs,
            random_state=0,
            verbose=1,  # the first process speaks
        ),
    )
    pipe.fit(train, y_train)
    if PartialState().is_main_process:
        path = sklstm.save(pipe, args.model, X_check=test[:10])
        print(f"accuracy {pipe.score(test, y_test):.3f}, saved as {path}")


if __name__ == "__main__":
    main()
