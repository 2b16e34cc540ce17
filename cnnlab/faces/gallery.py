"""A gallery of people: enrolled from one picture each, verified, recognised, and deleted."""

import hashlib
import os
import tokenize
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import ArrayLike

from cnnlab.checks import keras_model, number
from cnnlab.faces import checks
from cnnlab.faces.distances import squared_distances

#: What a gallery answers instead of a name.
NOT_RECOGNISED = "not recognised"
PARTS = {  # of a file: kind of numbers, and axes
    "names": ("U", 1),
    "encodings": ("f", 2),
    "threshold": ("f", 0),
    "fingerprint": ("U", 0),
    "probe": ("f", 1),
}
ROUNDING = 1e-3  # between the encodings of one picture on two machines, at most
UNREADABLE = (  # what `np.load` raises at bytes that are no arrays of numbers and names
    *(ValueError, KeyError, TypeError, AttributeError, OSError, EOFError, MemoryError),
    *(NotImplementedError, RuntimeError, SyntaxError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)


class Answer(NamedTuple):
    """Who it is, and how sure that is."""

    name: str  #: of a person, or `NOT_RECOGNISED`
    distance: float  #: squared, to the nearest person; ∞ in an empty gallery

    @property
    def recognised(self) -> bool:
        return self.name != NOT_RECOGNISED


class Gallery:
    """People, each known by one picture. Nothing is trained when somebody comes or goes.

    Of each person it keeps a name and an encoding, and no picture. An encoding is personal data all
    the same: who it is can be found out with it.

    Parameters
    ----------
    encoder
        From pictures ``(N, H, W, C)`` to encodings of length 1, such as a trained
        :func:`~cnnlab.faces.encoder`. It must stay as it is: encodings of another encoder mean
        something else, so a gallery refuses to work once its encoder was trained on.
    threshold
        The largest squared distance at which two pictures count as one person, such as
        :func:`~cnnlab.faces.threshold_at` finds on validation data.

    Raises
    ------
    ValueError
        If the threshold is not a number, or the encoder gives no vectors or takes pictures of more
        than one size.

    Examples
    --------
    >>> gallery = Gallery(encoder, threshold=0.5)  # doctest: +SKIP
    >>> gallery.enrol("Ada", picture)  # doctest: +SKIP
    >>> gallery.recognize(another)  # doctest: +SKIP
    Answer(name='Ada', distance=0.31)
    """

    def __init__(self, encoder: keras.Model, threshold: float) -> None:
        keras_model("encoder", encoder)
        if len(encoder.output_shape) != 2:
            raise ValueError(
                f"encoder gives {encoder.output_shape}; expected vectors (N, D), one for a picture"
            )
        if None in encoder.input_shape[1:]:
            raise ValueError(
                f"encoder takes {encoder.input_shape}; expected pictures (N, H, W, C) of one size"
            )
        self.encoder, self.threshold = encoder, number("threshold", threshold)
        self._people: dict[str, np.ndarray] = {}
        self._fingerprint, self._probe = fingerprint(encoder), probe(encoder)

    @property
    def names(self) -> tuple[str, ...]:
        """Who is enrolled, in the order in which they came."""
        return tuple(self._people)

    def __len__(self) -> int:
        return len(self._people)

    def enrol(self, name: str, image: ArrayLike) -> None:
        """Take a person in, by one picture ``(H, W, C)``.

        Unicode writes *José* in two ways that look the same; here they are one name.

        Raises
        ------
        ValueError
            If the name is empty or taken, begins or ends with a space, or holds a letter that
            cannot be written; or if the picture has another size than the encoder's, or is of
            whole numbers, such as 0 to 255, which no encoder was trained with.
        """
        if not is_name(name):
            raise ValueError(f"name is {name!r}; expected the name of a person")
        name = composed(name)
        if name in self._people:
            raise ValueError(
                f"name is {name!r}, who is enrolled already; expected another name, or delete first"
            )
        self._people[name] = self._encoded(image)

    def verify(self, image: ArrayLike, claimed: str) -> bool:
        """Is this the person that somebody claims to be? One comparison (1:1).

        Raises
        ------
        ValueError
            If nobody of this name is enrolled, or the picture has another size.
        """
        known = self._person("claimed", claimed)
        return bool(self._distances(image, known[None])[0] <= self.threshold)

    def recognize(self, image: ArrayLike) -> Answer:
        """Who is this? Compared with everybody (1:K); the nearest, if near enough.

        Raises
        ------
        ValueError
            If nobody is enrolled, or the picture has another size.
        """
        if not self._people:
            raise ValueError("the gallery is empty; expected somebody to be enrolled first")
        distances = self._distances(image, np.stack(list(self._people.values())))  # (K,)
        nearest = int(distances.argmin())
        near = distances[nearest] <= self.threshold
        name = self.names[nearest] if near else NOT_RECOGNISED
        return Answer(name, float(distances[nearest]))

    def delete(self, name: str) -> None:
        """Forget a person. Files that were saved before know them still: save again.

        Raises
        ------
        ValueError
            If nobody of this name is enrolled.
        """
        self._person("name", name)
        del self._people[composed(name)]

    def save(self, path: str | os.PathLike) -> None:
        """Write names, encodings, threshold and the encoder's fingerprint; no pictures.

        An older file at this path is replaced only once the new one is complete.
        """
        path = Path(path)
        partial = path.with_name(f"{path.name}.part")
        encodings = np.array(list(self._people.values()))
        try:
            with partial.open("wb") as file:
                np.savez(
                    file,
                    names=np.array(self.names, dtype=np.str_),
                    encodings=encodings.reshape(len(self), self.encoder.output_shape[1]),
                    threshold=np.float64(self.threshold),
                    fingerprint=np.array(self._fingerprint),
                    probe=self._probe,
                )
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | os.PathLike, encoder: keras.Model) -> "Gallery":
        """A gallery from a file that :meth:`save` wrote with the same encoder.

        Nothing in the file is ever run: it is read as arrays of numbers and names.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it is damaged, is no gallery, or was made with another encoder.
        """
        parts = _read(Path(path))
        gallery = cls(encoder, float(parts["threshold"]))
        # Two networks may have the same weights, and do other things with them.
        alike = parts["probe"].shape == gallery._probe.shape and np.allclose(
            parts["probe"], gallery._probe, rtol=0, atol=ROUNDING
        )
        if str(parts["fingerprint"]) != gallery._fingerprint or not alike:
            raise ValueError(
                f"{os.fspath(path)!r} was made with another encoder, or with this one before it was"
                " trained on; expected the encoder of the file, since encodings of two encoders"
                " cannot be compared: enrol everybody again"
            )
        try:
            encodings = checks.unit("encodings", parts["encodings"])
        except ValueError as error:
            raise _damaged(path) from error
        names = parts["names"].tolist()
        if not all(map(is_name, names)):
            raise _damaged(path)
        names = list(map(composed, names))
        if encodings.shape != (len(names), encoder.output_shape[1]) or len(set(names)) < len(names):
            raise _damaged(path)
        gallery._people = dict(zip(names, encodings, strict=True))
        return gallery

    # ---- inside ----

    def _person(self, argument: str, name: str) -> np.ndarray:
        name = composed(name) if isinstance(name, str) else name
        if not isinstance(name, str) or name not in self._people:
            known = ", ".join(map(repr, self.names)) or "nobody, since the gallery is empty"
            raise ValueError(f"{argument} is {name!r}, who is not enrolled; enrolled: {known}")
        return self._people[name]

    def _distances(self, image: ArrayLike, known: np.ndarray) -> np.ndarray:
        return squared_distances(self._encoded(image)[None], known)[0]

    def _encoded(self, image: ArrayLike) -> np.ndarray:
        image, size = np.asarray(image), self.encoder.input_shape[1:]
        if image.shape != size:
            raise ValueError(f"image has shape {image.shape}; expected {size}, the encoder's")
        if image.dtype.kind != "f":
            raise ValueError(
                f"image has dtype {image.dtype}; expected floats, as the encoder was trained with:"
                " of whole numbers from 0 to 255, image / 255"
            )
        if not np.isfinite(image).all():
            raise ValueError("image has numbers that are not finite; expected a picture")
        if fingerprint(self.encoder) != self._fingerprint:
            raise ValueError(
                "the encoder was changed since this gallery was made, so its encodings mean"
                " something else; expected the same weights: make a new gallery"
            )
        f = keras.ops.convert_to_numpy(self.encoder(image[None], training=False))  # (1, D)
        return checks.unit("the encoder's answer", f)[0]


def is_name(name: str) -> bool:
    """Whether a gallery takes this for a person's name, and a file gives it back as it was."""
    if not isinstance(name, str) or not name or name != name.strip() or name == NOT_RECOGNISED:
        return False
    return not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)


def composed(name: str) -> str:
    """The name with é as one letter, not as e and an accent: NFC of Unicode."""
    return unicodedata.normalize("NFC", name)


def fingerprint(encoder: keras.Model) -> str:
    """A number that tells an encoder from every other: SHA-256 of its weights and their shapes."""
    digest = hashlib.sha256(repr(encoder.input_shape).encode())
    for weight in encoder.weights:
        values = np.ascontiguousarray(keras.ops.convert_to_numpy(weight))
        digest.update(repr((values.shape, values.dtype.str)).encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def probe(encoder: keras.Model) -> np.ndarray:
    """What an encoder answers to a picture of noise, which is always the same: ``(D,)``."""
    noise = np.random.default_rng(0).random((1, *encoder.input_shape[1:]), np.float32)
    answer = keras.ops.convert_to_numpy(encoder(noise, training=False))[0]
    return answer.astype(np.float64)


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        raise FileNotFoundError(f"there is no file {str(path)!r}; expected one of Gallery.save")
    try:
        with np.load(path, allow_pickle=False) as file:
            parts = {name: file[name] for name in PARTS}
    except UNREADABLE as error:
        raise _damaged(path) from error
    found = {name: (part.dtype.kind, part.ndim) for name, part in parts.items()}
    if found != PARTS or np.isnan(parts["threshold"]):
        raise _damaged(path)
    return parts


def _damaged(path: str | os.PathLike) -> ValueError:
    return ValueError(
        f"{os.fspath(path)!r} is damaged, or is no gallery; expected a file of Gallery.save"
    )
