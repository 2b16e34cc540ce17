"""Faces and other things: 200 small real pictures that come with scikit-image."""

import numpy as np

from cnnlab.data.photos import bundled

FACES = 100  # of the 200 pictures; they come first in the file


def face_crops() -> tuple[np.ndarray, np.ndarray]:
    """100 faces, and 100 pieces of the backgrounds behind such faces.

    They are from Labeled Faces in the Wild, cut out and made small by the authors of scikit-image.

    Returns
    -------
    x, y
        Pictures, ``(200, 25, 25, 1)`` float32 in [0, 1], gray; labels, ``(200,)`` int64: 1 for a
        face. The faces come first.

    Raises
    ------
    ImportError
        If scikit-image is not installed.
    FileNotFoundError
        If the installed scikit-image does not bundle them. They are never downloaded.
    OSError
        If its file holds something else.

    References
    ----------
    G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, Labeled Faces in the Wild: a database for
    studying face recognition in unconstrained environments, University of Massachusetts, 2007.
    """
    path = bundled("lfw_subset.npy", "face_crops()")
    pictures = np.load(path)
    if pictures.shape != (2 * FACES, 25, 25):
        raise OSError(
            f"{path} holds an array of shape {pictures.shape}; expected {(2 * FACES, 25, 25)}"
        )
    x = pictures[..., np.newaxis].astype(np.float32)  # (200, 25, 25, 1)
    return x, (np.arange(len(x)) < FACES).astype(np.int64)
