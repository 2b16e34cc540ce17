"""Photographs of real faces, through a stand-in for scikit-learn: clear offline and without it."""

import sys
from types import ModuleType, SimpleNamespace
from urllib.error import HTTPError, URLError

import numpy as np
import pytest

from cnnlab.data import real_faces

MODULE = sys.modules["cnnlab.data.real_faces"]  # its name is also the function's
SETS = {"olivetti": (8, 64, 64), "lfw": (9, 62, 47, 3)}


class Sklearn:
    """What of scikit-learn is called, and how it was; `error` is raised instead of an answer."""

    def __init__(self):
        self.asked, self.error = [], None

    def answer(self, name, data_home, **options):
        self.asked.append((name, data_home, options))
        if self.error:
            raise self.error
        images = np.random.default_rng(0).random(SETS[name])
        people = np.arange(len(images), dtype=np.int32) // 2
        names = np.array(["A. Person"] * len(images))
        return SimpleNamespace(images=images, target=people, target_names=names)


@pytest.fixture
def sklearn(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_DATA", str(tmp_path))
    stand_in, package, datasets = Sklearn(), ModuleType("sklearn"), ModuleType("sklearn.datasets")
    for name, function in {"olivetti": "fetch_olivetti_faces", "lfw": "fetch_lfw_people"}.items():

        def fetch(*, name=name, **options):
            return stand_in.answer(name, **options)

        setattr(datasets, function, fetch)
    package.datasets = datasets
    monkeypatch.setitem(sys.modules, "sklearn", package)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", datasets)
    return stand_in


@pytest.mark.parametrize("name", SETS)
def test_pictures_and_who_it_is(sklearn, name, tmp_path):
    x, y = real_faces(name)
    N, H, W, *channels = SETS[name]
    assert x.shape == (N, H, W, *(channels or [1]))
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(y, np.arange(N) // 2)
    pictures = np.random.default_rng(0).random(SETS[name])
    np.testing.assert_allclose(x.reshape(pictures.shape), pictures, rtol=1e-6)
    ((asked, folder, _),) = sklearn.asked
    assert (asked, folder) == (name, str(tmp_path))


def test_of_the_wild_only_people_with_two_pictures_and_in_colour(sklearn):
    real_faces("lfw")
    assert sklearn.asked[0][2] == {"color": True, "min_faces_per_person": 2}


OFFLINE = [
    URLError("Name or service not known"),
    HTTPError("https://example.org", 503, "Service Unavailable", None, None),
    TimeoutError("timed out"),
    ConnectionResetError("reset"),
]


@pytest.mark.parametrize("error", OFFLINE, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(("name", "kept"), [("olivetti", "olivetti_py3.pkz"), ("lfw", "lfw_home")])
def test_offline_says_what_is_missing_where_it_goes_and_what_to_use(
    sklearn, name, kept, error, tmp_path
):
    sklearn.error = error
    with pytest.raises(ConnectionError) as caught:
        real_faces(name)
    title = {"olivetti": "Olivetti", "lfw": "Labeled Faces in the Wild"}[name]
    for said in (title, "MB", "ndownloader.figshare.com", str(tmp_path / kept), "faces("):
        assert said in str(caught.value)
    assert caught.value.__cause__ is error


def test_a_wrong_checksum_is_scikit_learns_own_error(sklearn):
    sklearn.error = OSError("The SHA256 checksum of olivettifaces.mat differs from expected.")
    with pytest.raises(OSError, match="checksum") as caught:
        real_faces("olivetti")
    assert not isinstance(caught.value, ConnectionError)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"pip install scikit-learn\. Use instead: faces\("):
        real_faces("olivetti")


@pytest.mark.parametrize("name", ["LFW", "", None, 3, "mnist"])
def test_an_unknown_name_is_named(name):
    with pytest.raises(ValueError, match=r"name is .*; expected one of 'olivetti', 'lfw'"):
        real_faces(name)


def test_what_is_said_of_the_files_is_what_scikit_learn_fetches():
    from sklearn import datasets
    from sklearn.datasets import _lfw, _olivetti_faces

    for name, file in (("olivetti", _olivetti_faces.FACES), ("lfw", _lfw.FUNNELED_ARCHIVE)):
        remote = MODULE.LOADERS[name].remote
        assert (remote.url, remote.sha256) == (file.url, file.checksum)
        assert hasattr(datasets, MODULE.LOADERS[name].function)
