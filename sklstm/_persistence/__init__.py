"""Models in files: saved, loaded, and looked at without loading."""

from sklstm._persistence._save import load, read_manifest, save
from sklstm._persistence._trust import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES", "load", "read_manifest", "save"]
