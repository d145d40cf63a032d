"""Arrays in an .npz or .safetensors file, by name, mapped from the file where it allows it.

Safetensors files, and .npz files that `numpy.savez` wrote, hold their arrays as they are: they are mapped, and
only what is looked at is read. Arrays that `numpy.savez_compressed` packed are unpacked whole.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from attnlab.arrays import require

FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
OTHERS = {"I64": "<i8", "I32": "<i4", "I8": "|i1", "U8": "|u1", "BOOL": "|b1"}
"""The types of safetensors, as numpy calls them."""
BFLOAT16 = "bfloat16 arrays need ml_dtypes: pip install 'attnlab[audit]'"
LOCAL = 30
"""Bytes of a local header of a zip file before the name, whose length and that of the extra field end it."""
LONGEST_HEADER = 100_000_000
"""The longest header of a safetensors file, by its definition."""


def stored(path: Path, names: Mapping[str, str]) -> dict[str, Any]:
    """The arrays of these names that the file holds, by what `names` calls them; nothing is read that is not used.

    Text comes as arrays of str. Raises ValueError for a file that is neither, that is cut short, or whose arrays
    are of another type than floats, whole numbers, booleans or text.
    """
    kinds = {".npz": _of_npz, ".safetensors": _of_safetensors}
    require(path.suffix in kinds, "an .npz or .safetensors file", path.name)
    try:
        found = kinds[path.suffix](path, names)
    except (OSError, KeyError, TypeError, UnicodeError, zipfile.BadZipFile) as error:
        raise ValueError(f"expected an {path.suffix} file, got one that cannot be read ({error})") from error
    return {names[name]: _known(array, name) for name, array in found.items()}


def _of_npz(path: Path, names: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name not in names:
                continue
            if info.compress_type != zipfile.ZIP_STORED:
                with archive.open(info) as packed:
                    found[name] = _unpacked(packed, name)
                continue
            file.seek(info.header_offset)
            local = file.read(LOCAL)
            lengths = (int.from_bytes(local[at : at + 2], "little") for at in (26, 28))
            file.seek(info.header_offset + LOCAL + sum(lengths))
            found[name] = _mapped(path, file)
    return found


def _unpacked(packed: IO[bytes], name: str) -> Any:
    try:
        return npy.read_array(packed, allow_pickle=False)
    except ValueError as error:
        raise ValueError(f"expected {name} as numbers or text, got what cannot be read ({error})") from error


def _mapped(path: Path, file: IO[bytes]) -> Any:
    """The array whose .npy header begins here."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, by_column, dtype = read(file)
    require(not dtype.hasobject, "arrays of numbers", "one of Python objects")
    if dtype.itemsize == 0 or 0 in shape or shape == ():
        return np.fromfile(file, dtype=dtype, count=int(np.prod(shape))).reshape(shape)
    mapped: Any = np.memmap(
        path, dtype, mode="r", offset=file.tell(), shape=shape, order="F" if by_column else "C"
    )
    return mapped


def _of_safetensors(path: Path, names: Mapping[str, str]) -> dict[str, Any]:
    """The format: the header's length in 8 bytes, the header in JSON, the arrays."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        require(length <= LONGEST_HEADER, "a safetensors file", "one without its header")
        told_of = file.read(length)
    try:
        header = json.loads(told_of)
    except ValueError:
        header = None
    require(isinstance(header, dict), "a safetensors file", "one whose header cannot be read")
    found: dict[str, Any] = {}
    for name, told in header.items():
        if name in names:
            first, last = told["data_offsets"]
            kind = _numpys(told["dtype"])
            require(last - first == kind.itemsize * int(np.prod(told["shape"])), f"{name} whole", "a part")
            found[name] = _piece(path, kind, 8 + length + first, tuple(told["shape"]))
    for name, text in header.get("__metadata__", {}).items():
        if name in names:
            found[name] = np.asarray(json.loads(text))
    return found


def _piece(path: Path, kind: np.dtype[Any], offset: int, shape: tuple[int, ...]) -> Any:
    if 0 in shape or shape == ():
        return np.fromfile(path, dtype=kind, count=int(np.prod(shape)), offset=offset).reshape(shape)
    return np.memmap(path, dtype=kind, mode="r", offset=offset, shape=shape)


def _numpys(name: str) -> np.dtype[Any]:
    if name == "BF16":
        return _bfloat16()
    known = {**FLOATS, **OTHERS}
    require(name in known, f"arrays of {', '.join(('BF16', *known))}", name)
    return np.dtype(known[name])


def _bfloat16() -> np.dtype[Any]:
    try:
        import ml_dtypes
    except ImportError as missing:
        raise ValueError(BFLOAT16) from missing
    return np.dtype(ml_dtypes.bfloat16)


def _known(array: Any, name: str) -> Any:
    """The array; numpy's files know bfloat16 as two nameless bytes."""
    if array.dtype.kind == "V" and array.dtype.itemsize == 2 and array.dtype.names is None:
        return array.view(_bfloat16())
    fits = array.dtype.kind in "fiubUS" or str(array.dtype) == "bfloat16"
    require(fits, f"{name} as floats, whole numbers, booleans or text", array.dtype)
    return array
