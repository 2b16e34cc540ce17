"""Messages between judge and child: what goes in comes out, and nothing else comes in."""

import json
import socket
import struct
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnnlab.grading.judge import wire
from cnnlab.grading.judge.wire import TooLargeError, WireError, pack, receive

ARRAYS = hnp.arrays(
    st.sampled_from(sorted(wire.DTYPES)), hnp.array_shapes(min_dims=0, min_side=0, max_side=4)
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | ARRAYS
)
MESSAGES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


def through(frame):
    """What arrives at the other end."""
    here, there = socket.socketpair()
    with here, there:
        here.sendall(frame)
        here.shutdown(socket.SHUT_WR)
        return receive(there)


def same(one, other):
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


@given(MESSAGES)
def test_what_goes_in_comes_out(message):
    assert same(message, through(pack(message)))


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes_are_a_message_or_an_error(text, raw):
    frame = struct.pack("!II", len(text), len(raw)) + text + raw
    with suppress(WireError):
        through(frame)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["dict", "list", "tuple", "array", "x"]), inner, max_size=2
            )
        ),
    )
)
def test_any_json_is_a_message_or_an_error(value):
    text = json.dumps(value).encode()
    with suppress(WireError):
        through(struct.pack("!II", len(text), 0) + text)


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack("!II", wire.TEXT_LIMIT + 1, 0),
        struct.pack("!II", 2, wire.BYTES_LIMIT + 1),
    ],
)
def test_a_large_frame_is_refused_before_it_is_read(frame):
    with pytest.raises(TooLargeError):
        through(frame)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (["float64", [2, 3], 40], 40),  # too few bytes for the shape
        (["float64", [2, 3], 48], 40),  # more bytes than came
        (["object", [1], 8], 8),
        (["float64", [-1], 8], 8),
        (["float64", [1 << 62, 1 << 62], 8], 8),
        (["float64", [True], 8], 8),
    ],
)
def test_an_array_that_does_not_fit_its_bytes_is_refused(content, size):
    text = json.dumps({"array": content}).encode()
    with pytest.raises(WireError):
        through(struct.pack("!II", len(text), size) + text + bytes(size))


def frame_of(content, raw=b""):
    text = json.dumps(content).encode()
    return struct.pack("!II", len(text), len(raw)) + text + raw


@pytest.mark.parametrize(
    "content",
    [
        {"array": ["uint8", [9] * 1_500_000, 8]},  # to multiply these lengths takes minutes
        {"array": ["uint8", [1] * 33, 1]},
        {"array": ["x" * 1_000_000, [1], 8]},
        {"y" * 1_000_000: 0},
        {"list": [{"list": []}] * 150_000 + [1] * 100_000},
        {"list": [0] * 1_000_000},
    ],
)
def test_a_foolish_message_is_refused_soon_and_in_few_words(content):
    """In a second or two; the bound is far away, as a slow machine must not decide."""
    frame = frame_of(content)
    started = time.process_time()
    with pytest.raises(WireError) as refused:
        sent(frame)
    assert time.process_time() - started < 30
    assert len(str(refused.value)) < 500


def sent(frame):
    """What arrives of a frame that is larger than what a connection holds."""
    here, there = socket.socketpair()
    sender = threading.Thread(target=here.sendall, args=(frame,))
    with here, there:
        sender.start()
        try:
            return receive(there)
        finally:
            sender.join()


def test_who_expects_little_reads_little():
    here, there = socket.socketpair()
    with here, there:
        here.sendall(pack({"text": "x" * 2_000}))
        with pytest.raises(TooLargeError):
            receive(there, text_limit=1_000)
    here, there = socket.socketpair()
    with here, there:
        here.sendall(pack({"numbers": np.zeros(100)}))
        with pytest.raises(TooLargeError):
            receive(there, bytes_limit=0)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (np.array([1j]), "complex128"),
        (np.array(["a"]), "<U1"),
        (np.array(["2026-03-01"], "datetime64[D]"), "datetime64"),
        (np.array([object()]), "an object"),
    ],
)
def test_an_odd_type_is_named(value, name):
    with pytest.raises(WireError, match=name):
        pack({"output": value})


def test_wide_floats_travel_as_the_nearest_that_there_is():
    wide = np.array([1.5, -2], np.longdouble)
    assert same(through(pack(wide)), wide.astype("float64"))
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    assert same(through(pack(np.array([1.5], bfloat16))), np.array([1.5], "float32"))


def test_half_a_message_is_the_end():
    with pytest.raises(EOFError):
        through(pack({"a": np.arange(6)})[:-1])


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array(["a"]), b"bytes", 1j, {1, 2}])
def test_what_is_no_plain_data_is_not_sent(value):
    with pytest.raises(WireError):
        pack({"output": value})


def test_too_much_is_not_sent():
    with pytest.raises(TooLargeError):
        pack(np.zeros(wire.BYTES_LIMIT // 8 + 1))
    with pytest.raises(TooLargeError):
        pack([0] * (wire.ITEMS_LIMIT + 1))
