"""Photographs of real people's faces, fetched through scikit-learn when asked for by name."""

from dataclasses import dataclass
from typing import Any
from urllib.error import URLError

import numpy as np

from cnnlab.checks import one_of
from cnnlab.data.fetch import Remote, cache_folder, missing

INSTEAD = "faces(40), drawn people, who do not exist"


@dataclass(frozen=True)
class Loader:
    """A function of `sklearn.datasets` with its options, what it fetches, and what it keeps."""

    function: str
    options: dict[str, Any]
    remote: Remote
    kept: str


LOADERS = {
    "olivetti": Loader(
        "fetch_olivetti_faces",
        {},
        Remote(
            title="The Olivetti faces, 10 pictures each of 40 people",
            url="https://ndownloader.figshare.com/files/5976027",
            sha256="b612fb967f2dc77c9c62d3e1266e0c73d5fca46a4b8906c18e454d41af987794",
            megabytes=4,
            instead=INSTEAD,
        ),
        "olivetti_py3.pkz",
    ),
    "lfw": Loader(
        "fetch_lfw_people",
        {"color": True, "min_faces_per_person": 2},
        Remote(
            title="Labeled Faces in the Wild, 1,680 people with two pictures or more",
            url="https://ndownloader.figshare.com/files/5976015",
            sha256="b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a",
            megabytes=233,
            instead=INSTEAD,
        ),
        "lfw_home",
    ),
}


def real_faces(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Faces of real people, several pictures of each: fetched once, and kept.

    scikit-learn fetches them and checks what came; it is not a dependency of this package:
    ``pip install 'cnnlab[faces]'``. Names are left out. Who is in the pictures was not asked.

    Parameters
    ----------
    name
        ``"olivetti"``: 400 pictures of 40 people, ``(400, 64, 64, 1)``, gray, taken in one room.
        ``"lfw"``: 9,164 press photographs of 1,680 people, ``(9164, 62, 47, 3)``, 233 MB: those of
        whom there are two or more.

    Returns
    -------
    x, y
        Pictures, float32 in [0, 1]; who it is, ``(N,)`` int64, a number for each person.

    Raises
    ------
    ValueError
        If `name` is neither of the two.
    ImportError
        If scikit-learn is not installed.
    ConnectionError
        If the set is not here and cannot be reached. The message says where it comes from, where
        it would be kept, and what to use instead.
    OSError
        If what came is not the file that was expected, or it cannot be stored.

    References
    ----------
    F. Samaria, A. Harter, Parameterisation of a stochastic model for human face identification,
    WACV, 1994. G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, Labeled Faces in the Wild,
    University of Massachusetts, 2007.
    """
    loader = LOADERS[one_of("name", name, LOADERS)]
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            f"real_faces({name!r}) needs scikit-learn, which is not installed:"
            f" pip install scikit-learn. Use instead: {INSTEAD}"
        ) from error
    folder = cache_folder()
    try:
        found = getattr(datasets, loader.function)(data_home=str(folder), **loader.options)
    except (URLError, TimeoutError, ConnectionError) as error:
        kept = folder / loader.kept
        raise ConnectionError(missing(loader.remote, kept, "could not be fetched")) from error
    x = np.asarray(found.images, np.float32)
    if x.ndim == 3:
        x = x[..., np.newaxis]  # gray: (N, H, W, 1)
    return x, np.asarray(found.target, np.int64)
