"""What numba keeps of compiled kernels, read and written with doubt: it may be lost, but stops no call.

numba raises where it cannot write a kernel it has compiled (a full disk, a folder that is no longer one's own)
and where what it kept is torn (a machine that lost power): every call of that kernel would fail, in every process.
And where several processes keep their first kernels at once, its index may name for a signature, or for a kind of
processor, the file of another one: each reads the index, takes the next free number, and writes. Here a kernel is
kept together with what it is a kernel of and a digest of both; what does not fit is compiled again.

It rests on names of numba's that are not documented (the same from numba 0.61 to 0.68): where they are missing, a
kernel is kept as numba keeps it.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile

from attnlab import patience

NEEDED = (
    (FunctionCache, ("load_overload", "save_overload", "flush")),
    (IndexDataCacheFile, ("save", "load", "_load_data", "_dump", "_data_path")),
)
"""What is called or overridden below."""
DIGEST = hashlib.sha256
LONG = DIGEST().digest_size


class _Files(IndexDataCacheFile):
    """The files of one function: what it keeps says whose it is, and whether it is whole."""

    def save(self, key: Any, data: Any) -> None:
        """Keep a kernel under its key, which goes with it."""
        super().save(key, (key, data))  # type: ignore[no-untyped-call]

    def load(self, key: Any) -> Any:
        """The kernel of a key, None where there is none, or another one in its place."""
        found: Any = super().load(key)  # type: ignore[no-untyped-call]
        return found[1] if found is not None and found[0] == key else None

    def _dump(self, obj: Any) -> bytes:
        content: bytes = super()._dump(obj)  # type: ignore[no-untyped-call]
        return content + DIGEST(content).digest()  # which whoever reads the rest passes over

    def _load_data(self, name: str) -> Any:
        content = Path(self._data_path(name)).read_bytes()  # type: ignore[no-untyped-call]
        if DIGEST(content[:-LONG]).digest() != content[-LONG:]:
            raise ValueError("torn")
        return pickle.loads(content)


class Kept(FunctionCache):
    """The kernels of one function that are kept."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)  # type: ignore[no-untyped-call]
        self._cache_file.__class__ = _Files

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel that is kept for a signature; None where none is, or it cannot be read."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except (OSError, MemoryError):  # not to be read now: nothing is known to be wrong with it
            return None
        except Exception:  # whatever comes of reading what is torn
            with contextlib.suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a kernel, where that can be done."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except OSError as error:
            patience.say(
                f"a kernel is compiled, but cannot be kept in {self.cache_path} ({error.strerror}): "
                "the next process compiles it again; NUMBA_CACHE_DIR names another folder"
            )
        except Exception:  # torn since it was read
            return


def keep(dispatcher: Any, needed: Any = NEEDED) -> Any:
    """A compiled function whose kernels, if numba keeps them, are kept with doubt; the same object."""
    if isinstance(getattr(dispatcher, "_cache", None), FunctionCache) and all(
        hasattr(kind, name) for kind, names in needed for name in names
    ):
        dispatcher._cache = Kept(dispatcher.py_func)
    return dispatcher
