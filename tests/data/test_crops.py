"""Faces and other things: scikit-image's own, in this package's shapes, never downloaded."""

import builtins
import socket

import numpy as np
import pytest
import skimage

from cnnlab.data import face_crops


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("something tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_shapes_and_ranges():
    x, y = face_crops()
    assert (x.shape, x.dtype) == ((200, 25, 25, 1), np.float32)
    assert (y.shape, y.dtype) == ((200,), np.int64)
    assert 0 <= x.min() < 0.05 and 0.95 < x.max() <= 1
    assert np.bincount(y).tolist() == [100, 100]


def test_they_are_scikit_image_s_own():
    x, _ = face_crops()
    np.testing.assert_allclose(x[..., 0], skimage.data.lfw_subset(), atol=1e-7)


def test_no_picture_is_there_twice():
    x, _ = face_crops()
    assert len(np.unique(x.reshape(200, -1), axis=0)) == 200


def test_faces_are_labelled_1():
    """Faces are alike: most are nearer to the mean face than any but a few backgrounds."""
    x, y = face_crops()
    flat = x.reshape(200, -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    like_a_face = flat @ flat[:50].mean(axis=0)  # the mean of the first fifty, which are faces
    assert np.median(like_a_face[50:][y[50:] == 1]) > np.quantile(like_a_face[y == 0], 0.95)


def test_each_call_gives_arrays_of_its_own():
    x, y = face_crops()
    x[:], y[:] = 0, 0
    again, labels = face_crops()
    assert again.max() > 0.95 and labels.sum() == 100


def test_without_scikit_image_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "skimage":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"face_crops\(\) needs .* pip install scikit-image"):
        face_crops()


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Another scikit-image, with an empty data folder."""
    monkeypatch.setattr(skimage, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_what_is_no_longer_bundled_is_not_downloaded(folder):
    with pytest.raises(FileNotFoundError, match=r"does not bundle lfw_subset\.npy, which face_"):
        face_crops()


def test_another_array_is_refused(folder):
    np.save(folder / "lfw_subset.npy", np.zeros((200, 24, 25)))
    with pytest.raises(OSError, match=r"shape \(200, 24, 25\); expected \(200, 25, 25\)"):
        face_crops()
