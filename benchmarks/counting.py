"""A tokenizer that counts its fits; workers of joblib import it by name."""

from sklstm import TextTokenizer


class CountingTokenizer(TextTokenizer):
    """Says how often it was fitted, in a file that workers share."""

    def __init__(self, log=None):
        super().__init__()
        self.log = log

    def fit_transform(self, X, y=None):
        """Fit, say so, and return the ids."""
        with open(self.log, "a") as log:
            log.write("x")
        return super().fit_transform(X, y)
