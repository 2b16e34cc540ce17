"""Messages between the judge and the code of strangers: JSON and raw bytes, never pickle.

A frame is two lengths, a JSON text, and the bytes of the arrays that the text names. What comes in
is checked against limits before it is read, and against a list of types before it is used.
"""

import json
import struct
from collections.abc import Callable
from math import prod
from socket import socket
from time import monotonic
from typing import Any

import numpy as np

LENGTHS = struct.Struct("!II")
TEXT_LIMIT = 8 << 20  # bytes of JSON
BYTES_LIMIT = 64 << 20  # bytes of all arrays together
ITEMS_LIMIT = 200_000  # numbers, strings and containers outside of arrays
DEEPEST = 50  # containers inside of containers
AXES_LIMIT = 32  # of an array
LONGEST = 200  # characters of what is quoted in an error
DTYPES = {
    *("bool", "uint8", "uint16", "uint32", "uint64"),
    *("int8", "int16", "int32", "int64", "float16", "float32", "float64"),
}
# Floats of other machines and libraries, and the nearest that travels.
WIDE = {"bfloat16": "float32", "longdouble": "float64", "float96": "float64", "float128": "float64"}


class WireError(Exception):
    """A message that cannot be sent, or is not what it should be."""


class TooLargeError(WireError):
    """A message over the limits."""


def pack(message: Any) -> bytes:
    """The frame of a message.

    Raises
    ------
    WireError
        If something in it is neither a number, a string, an array, nor a container of these.
    TooLargeError
        If it is over the limits.
    """
    chunks: list[bytes] = []
    try:
        text = json.dumps(_packed(message, chunks, _counter(), 0)).encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise WireError(str(error)) from error
    if len(text) > TEXT_LIMIT:
        raise TooLargeError(f"{len(text):,} bytes of text; at most {TEXT_LIMIT:,} can be sent")
    raw = b"".join(chunks)
    return LENGTHS.pack(len(text), len(raw)) + text + raw


def send(connection: socket, message: Any) -> None:
    """Send a message."""
    connection.sendall(pack(message))


def receive(
    connection: socket,
    seconds: float | None = None,
    text_limit: int = TEXT_LIMIT,
    bytes_limit: int = BYTES_LIMIT,
) -> Any:
    """The next message.

    Parameters
    ----------
    connection
        To the other side.
    seconds
        For the whole message, however slowly it drips; None: as long as it takes.
    text_limit, bytes_limit
        Bytes of the JSON text, and of all arrays together.

    Raises
    ------
    EOFError
        If the other side is gone.
    TimeoutError
        If the time is over.
    WireError
        If the message is over the limits, or not what it should be.
    """
    end = None if seconds is None else monotonic() + seconds
    text_size, raw_size = LENGTHS.unpack(_exactly(connection, LENGTHS.size, end))
    if text_size > text_limit or raw_size > bytes_limit:
        raise TooLargeError(f"a message of {text_size:,} + {raw_size:,} bytes")
    text, raw = (_exactly(connection, size, end) for size in (text_size, raw_size))
    try:
        return _unpacked(json.loads(text), memoryview(raw))
    except (ValueError, TypeError, KeyError, RecursionError, MemoryError) as error:
        said = f"not a message: {type(error).__name__}: {_short(error)}"
        raise WireError(said) from error


def _exactly(connection: socket, size: int, end: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        if end is not None:
            connection.settimeout(max(end - monotonic(), 1e-3))
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError("the connection ended")
        parts += part
    return bytes(parts)


def _counter() -> Callable[[], None]:
    left = ITEMS_LIMIT

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooLargeError(f"more than {ITEMS_LIMIT:,} things outside of arrays")

    return count


def _packed(value: Any, chunks: list[bytes], count: Callable[[], None], depth: int) -> Any:
    count()
    if depth > DEEPEST:
        raise WireError(f"containers inside containers, more than {DEEPEST} deep")
    if value is None or isinstance(value, (bool, str)) or type(value) in (int, float):
        return value
    if isinstance(value, dict):
        pairs = ((_key(key), item) for key, item in value.items())
        return {"dict": [[key, _packed(item, chunks, count, depth + 1)] for key, item in pairs]}
    if isinstance(value, (tuple, list)):
        name = "tuple" if isinstance(value, tuple) else "list"
        return {name: [_packed(item, chunks, count, depth + 1) for item in value]}
    return _packed_array(value, chunks)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise WireError(f"a dictionary has the key {_short(repr(key))}; expected strings as keys")
    return key


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"


def _packed_array(value: Any, chunks: list[bytes]) -> dict[str, list]:
    try:
        array = np.asarray(value)
    except Exception as error:  # whatever the object's own __array__ does
        said = f"an object of type {type(value).__name__}: {_short(error)}"
        raise WireError(said) from error
    if array.dtype.name in WIDE:
        array = array.astype(WIDE[array.dtype.name])
    if array.dtype.name not in DTYPES:
        what = f"an array of {array.dtype}" if array.dtype != object else "an object"
        raise WireError(
            f"{_short(what)} (type {type(value).__name__}); expected numbers, arrays of"
            " numbers, strings, or tuples, lists and dictionaries of these"
        )
    if array.nbytes + sum(map(len, chunks)) > BYTES_LIMIT:
        raise TooLargeError(f"an array of shape {array.shape}, {array.nbytes:,} bytes")
    chunks.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return {"array": [array.dtype.name, list(array.shape), len(chunks[-1])]}


def _unpacked(value: Any, raw: memoryview) -> Any:
    rest, count = raw, _counter()

    def read(value: Any, depth: int) -> Any:
        nonlocal rest
        count()
        if depth > DEEPEST:
            raise WireError(f"containers inside containers, more than {DEEPEST} deep")
        if not isinstance(value, dict):
            if isinstance(value, list):
                raise WireError("a bare list")
            return value
        ((kind, content),) = value.items()
        if kind == "dict":
            return {str(key): read(item, depth + 1) for key, item in content}
        if kind in ("tuple", "list"):
            items = (read(item, depth + 1) for item in content)
            return tuple(items) if kind == "tuple" else list(items)
        if kind != "array":
            raise WireError(f"something called {_short(repr(kind))}")
        name, shape, size = content
        _check_array(name, shape, size, len(rest))
        dtype = np.dtype(name).newbyteorder("<")
        array = np.frombuffer(rest[:size], dtype).reshape(shape).astype(name)
        rest = rest[size:]
        return array

    return read(value, 0)


def _check_array(name: Any, shape: Any, size: Any, left: int) -> None:
    """Refuse an array that does not fit its bytes, before anything is computed with its axes."""
    if not isinstance(name, str) or name not in DTYPES:
        raise WireError(f"an array of {_short(repr(name))}")
    if not isinstance(shape, list) or len(shape) > AXES_LIMIT:
        raise WireError(f"an array of more than {AXES_LIMIT} axes")
    if any(type(n) is not int or not 0 <= n <= BYTES_LIMIT for n in (*shape, size)):
        raise WireError(f"an array of shape {_short(shape)}")
    if size != np.dtype(name).itemsize * prod(shape) or size > left:
        raise WireError(f"an array of shape {_short(shape)} in {size} bytes")
