"""An estimator that holds a skorch net: how it trains, and what it is pickled as."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklstm._estimator import SklstmEstimator
from sklstm.nn import training
from sklstm.nn.devices import resolve_device
from sklstm.nn.state import to_arrays
from sklstm.nn.team import team_of
from sklstm.recurrent._progress import FollowedFit


def has_no_early_stopping(estimator: Any) -> bool:
    """Whether there is a ``partial_fit``."""
    if estimator.early_stopping:
        raise AttributeError("partial_fit is not available with early_stopping=True")
    return True


def own_random_state(random_state: Any) -> np.random.RandomState:
    """Return scikit-learn's, but leave NumPy's global generator alone."""
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)


def draw_seeds(estimator: Any) -> list[int]:
    """Draw the seeds of the validation split and of the net, one pair for a team."""
    random_state = own_random_state(estimator.random_state)
    seeds = random_state.randint(2**31, size=2).tolist()
    return team_of(estimator.device).first(seeds)


class BaseNetEstimator(SklstmEstimator):
    """A scikit-learn estimator that holds a skorch net.

    Its state is arrays and plain values; the net is made of them when it is unpickled.
    """

    sizes_: dict[str, Any]
    state_: dict[str, np.ndarray]
    history_: list[dict[str, Any]]
    net_: Any
    best_epoch_: int | None
    _net_states_: dict[str, Any]

    # -- parameters

    def set_params(self, **params):
        """Set parameters; ``net__name`` sets an entry of ``net_params``.

        Parameters
        ----------
        **params : dict
            Parameters of the estimator. ``net__optimizer__betas=(0.8, 0.99)`` sets the
            entry ``"optimizer__betas"`` of ``net_params``: all of skorch's settings
            can be searched.

        Returns
        -------
        self : estimator
            The estimator itself.
        """
        nested = {k: v for k, v in params.items() if k.startswith("net__")}
        super().set_params(**{k: v for k, v in params.items() if k not in nested})
        if nested:
            changed = {name.removeprefix("net__"): v for name, v in nested.items()}
            self.net_params = {**(self.net_params or {}), **changed}
        return self

    # -- training

    def _make_net(
        self, sizes: dict[str, Any], validation: Any = None, **settings: Any
    ) -> training.SequenceNet:
        """Make a net with these sizes; ``settings`` are seed, device and callbacks."""
        raise NotImplementedError

    def _goes_on(self, *, partial: bool) -> bool:
        """Whether a fit starts from the fitted net, if there is one."""
        return hasattr(self, "state_") and (partial or bool(self.warm_start))

    def _fitted_sizes(self, sizes: dict[str, Any]) -> dict[str, Any]:
        """Return the sizes of the fitted net, which new parameters must not change."""
        for name, size in self.sizes_.items():
            if name != "n_tokens" and sizes[name] != size:
                raise ValueError(
                    f"{type(self).__name__} cannot go on from a net with {name}={size} "
                    f"to one with {name}={sizes[name]}; fit with warm_start=False."
                )
        return self.sizes_

    def _train_net(
        self,
        dataset: Any,
        validation: Any,
        *,
        seed: int,
        device: str,
        continued: bool,
        keep_states: bool,
        epochs: int | None = None,
        start: Callable[[Any], None] | None = None,
        followed: FollowedFit | None = None,
    ) -> None:
        """Train a net of ``sizes_`` and set the fitted attributes.

        ``continued`` goes on from the fitted net; ``keep_states`` keeps what the next
        call needs to go on from this one; ``start`` sets weights that a new net starts
        with; ``followed`` is what scikit-learn's callbacks are told of.
        """
        net = self._make_net(
            self.sizes_,
            validation,
            seed=seed,
            device=device,
            callbacks=self.callbacks or (),
        )
        if continued:
            net.resume(
                self.state_, self.history_, self.best_epoch_, **self._net_states_
            )
        elif start is not None:
            start(net)
        with nullcontext() if followed is None else net.followed_by(followed):
            net.train(dataset, epochs)
        net.train_split = None  # let go of the validation rows
        self.net_ = net
        self.state_ = to_arrays(net.module_.state_dict())
        self._net_states_ = net.states() if keep_states else {}
        self.history_ = net.epochs(len(dataset))
        self.n_iter_ = len(self.history_)
        self.best_epoch_ = net.best_epoch
        if followed is not None:
            followed.end()

    def _fitted_so_far(self, net: training.SequenceNet, n_rows: int) -> dict[str, Any]:
        """Return the fitted attributes of a net in training, with a net of their own.

        Its weights are those of the last epoch, be it the best one or not.
        """
        history = net.epochs(n_rows)
        best_epoch = None if net.best_epoch is None else len(history)
        state = to_arrays(net.module_.state_dict())
        twin = self._remake_net(state, history, best_epoch, str(net.device))
        return {
            "net_": twin,
            "state_": to_arrays(twin.module_.state_dict()),
            "_net_states_": {},
            "history_": history,
            "n_iter_": len(history),
            "best_epoch_": best_epoch,
        }

    # -- state

    def _remake_net(
        self,
        state: dict[str, np.ndarray],
        history: list[dict[str, Any]],
        best_epoch: int | None,
        device: str,
    ) -> training.SequenceNet:
        """Make a net that predicts, of the state of another."""
        # Without callbacks: they may write files when they are made
        net = self._make_net(self.sizes_, seed=None, device=device)
        net.resume(state, history, best_epoch)
        net.module_.eval()
        return net

    def __sklearn_is_fitted__(self):
        return hasattr(self, "state_")

    def __copy__(self):
        # Not by way of a pickle, whose net would be made anew: fits replace attributes
        # and change none of them, so copies can share them.
        twin = object.__new__(type(self))
        twin.__dict__.update(vars(self))
        return twin

    def __getstate__(self):
        return {k: v for k, v in super().__getstate__().items() if k != "net_"}

    def __setstate__(self, state):
        super().__setstate__(state)
        if "state_" in state:  # now, not in predict, where two threads would race
            device = resolve_device(self.device, fall_back=True)
            self.net_ = self._remake_net(
                self.state_, self.history_, self.best_epoch_, device
            )
