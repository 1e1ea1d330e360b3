"""Packages that import a public name when it is first used."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], folders: frozenset[str] = frozenset()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and the ``__dir__`` of a package (PEP 562).

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping of str to str
        For each public name, the module inside the package that has it.
    folders : frozenset of str, default=frozenset()
        Modules inside the package that are public themselves.
    """

    def find(name: str) -> Any:
        if name in folders:
            return import_module(f"{package}.{name}")
        if name in homes:
            value = getattr(import_module(f"{package}.{homes[name]}"), name)
            setattr(sys.modules[package], name, value)
            return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes, *folders})

    return find, names
