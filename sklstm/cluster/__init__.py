"""Searches on a cluster of machines."""

from sklstm.cluster._backend import use_dask

__all__ = ["use_dask"]
