"""Fetched sets, from a server on loopback: checked, kept, never partly there, clear offline."""

import hashlib
import http.server
import io
import threading
from dataclasses import replace

import keras
import numpy as np
import pytest

from cnnlab.data import digits
from cnnlab.data import fetch as fetching
from cnnlab.data.fetch import REMOTE, cache_folder, fetch


def mnist_like() -> bytes:
    """A file with MNIST's names and types, and 7 and 3 digits."""
    rng, file = np.random.default_rng(0), io.BytesIO()
    arrays = {}
    for part, n in (("train", 7), ("test", 3)):
        arrays[f"x_{part}"] = rng.integers(0, 256, (n, 28, 28), np.uint8)
        arrays[f"y_{part}"] = rng.integers(0, 10, n, np.uint8)
    np.savez(file, **arrays)
    return file.getvalue()


class Publisher:
    """Serves one file, and counts who asked. `answer` is what it sends; it may stop half way."""

    def __init__(self, answer: bytes):
        self.answer, self.promised, self.status, self.requests = answer, len(answer), 200, 0
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.requests += 1
                self.send_response(publisher.status)
                self.send_header("Content-Length", str(publisher.promised))
                self.end_headers()
                self.wfile.write(publisher.answer)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/mnist.npz"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "kept here"
    monkeypatch.setenv("CNNLAB_DATA", str(folder))
    return folder


@pytest.fixture
def publisher(monkeypatch, cache):
    data = mnist_like()
    publisher = Publisher(data)
    remote = replace(REMOTE["mnist"], url=publisher.url, sha256=hashlib.sha256(data).hexdigest())
    monkeypatch.setitem(REMOTE, "mnist", remote)
    yield publisher
    publisher.close()


def assert_nothing_but(folder, *names):
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_full_is_what_was_published_in_the_shape_of_the_small_set(publisher):
    with np.load(io.BytesIO(publisher.answer)) as file:
        for (x, y), part in zip(digits("full"), ("train", "test"), strict=True):
            assert (x.dtype, y.dtype) == (np.float32, np.int64)
            np.testing.assert_allclose(x[..., 0], file[f"x_{part}"] / 255, rtol=1e-6)
            np.testing.assert_array_equal(y, file[f"y_{part}"])


def test_it_is_fetched_once(publisher, cache):
    digits("full")
    digits("full")
    assert publisher.requests == 1
    assert_nothing_but(cache, "mnist.npz")


def test_the_small_set_asks_nobody(publisher):
    digits()
    assert publisher.requests == 0


def test_there_is_a_progress_bar(publisher, capfd):
    fetch("mnist")
    assert "100%" in capfd.readouterr().err


def test_a_changed_file_is_refused_and_not_kept(publisher, cache):
    publisher.answer = publisher.answer[::-1]
    with pytest.raises(OSError, match="checksum is wrong") as caught:
        digits("full")
    assert str(cache / "mnist.npz") in str(caught.value)
    assert_nothing_but(cache)


def test_a_transfer_that_breaks_off_leaves_nothing_and_the_next_one_works(publisher, cache):
    whole = publisher.answer
    publisher.answer = whole[: len(whole) // 2]
    with pytest.raises(OSError):
        fetch("mnist")
    assert_nothing_but(cache)
    publisher.answer = whole
    assert fetch("mnist").read_bytes() == whole


def test_a_half_file_in_the_cache_is_not_taken_for_the_whole(publisher, cache):
    cache.mkdir()
    (cache / "mnist.npz").write_bytes(publisher.answer[:1000])
    assert fetch("mnist").read_bytes() == publisher.answer


def test_pressing_stop_leaves_nothing_half_done(publisher, cache, monkeypatch):
    import requests

    def stop(*args, **kwargs):
        yield publisher.answer[:1000]
        raise KeyboardInterrupt

    monkeypatch.setattr(requests.Response, "iter_content", stop)
    with pytest.raises(KeyboardInterrupt):
        fetch("mnist")
    assert_nothing_but(cache)


@pytest.mark.parametrize("status", [404, 500])
def test_offline_says_what_is_missing_where_it_goes_and_what_to_use(publisher, cache, status):
    publisher.status = status
    check_message(cache)


def test_nobody_answers(publisher, cache):
    publisher.close()
    check_message(cache)


def check_message(cache):
    with pytest.raises(ConnectionError) as caught:
        digits("full")
    message = str(caught.value)
    assert "MNIST" in message
    assert "11.5 MB" in message
    assert REMOTE["mnist"].url in message
    assert str(cache / "mnist.npz") in message
    assert "digits()" in message


def test_offline_with_a_cached_file_works(publisher):
    kept = fetch("mnist")
    publisher.close()
    assert fetch("mnist") == kept


def test_unknown_name_is_named():
    with pytest.raises(ValueError, match=r"name is 'cifar'; expected one of 'mnist'"):
        fetch("cifar")


def test_folder_is_the_user_s_cache_unless_told(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_DATA", "~/course")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cache_folder() == tmp_path / "course"
    monkeypatch.delenv("CNNLAB_DATA")
    assert cache_folder().name == "cnnlab"
    assert cache_folder() != tmp_path / "course"


def test_address_and_checksum_are_those_that_keras_uses(monkeypatch):
    asked = {}

    def get_file(fname, origin, file_hash):
        asked.update(url=origin, sha256=file_hash)
        raise InterruptedError

    monkeypatch.setattr(keras.src.datasets.mnist, "get_file", get_file)
    with pytest.raises(InterruptedError):
        keras.datasets.mnist.load_data()
    assert asked == {"url": REMOTE["mnist"].url, "sha256": REMOTE["mnist"].sha256}


def test_every_set_names_a_bundled_one():
    for name, remote in fetching.REMOTE.items():
        assert remote.url.startswith("https://"), name
        assert len(remote.sha256) == 64, name
        assert remote.instead, name
