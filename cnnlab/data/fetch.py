"""Larger sets, fetched from where they are published: checked, kept, never partly there."""

import os
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 30  # seconds without an answer


@dataclass(frozen=True)
class Remote:
    """A file that somebody else publishes, and what to use while it is not here."""

    title: str
    url: str
    sha256: str
    megabytes: float
    instead: str
    kept_as: str = ""  # where the address ends in a name that says too little

    @property
    def filename(self) -> str:
        """Its name in the cache."""
        return self.kept_as or self.url.rpartition("/")[2]


REMOTE = {
    "mnist": Remote(
        title="MNIST, 70,000 handwritten digits",
        url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
        sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        megabytes=11.5,
        instead="digits(), 5,000 of its digits, bundled",
    ),
    "voc2007-trainval": Remote(
        title="Pascal VOC 2007, 5,011 photographs to train with",
        url="https://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtrainval_06-Nov-2007.tar",
        sha256="7d8cd951101b0957ddfd7a530bdc8a94f06121cfc1e511bb5937e973020c7508",
        megabytes=460,
        instead="scenes(1000), drawn streets with exact boxes",
    ),
    "voc2007-test": Remote(
        title="Pascal VOC 2007, 4,952 photographs to test with",
        url="https://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar",
        sha256="6836888e2e01dca84577a849d339fa4f73e1e4f135d312430c4856b5609b4892",
        megabytes=451,
        instead="scenes(300, seed=1), drawn streets with exact boxes",
    ),
    "pets-images": Remote(
        title="Oxford-IIIT Pet, 7,390 photographs of cats and dogs",
        url="https://thor.robots.ox.ac.uk/~vgg/data/pets/images.tar.gz",
        sha256="67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
        megabytes=792,
        instead="chest_xrays(1000), drawn scans with the class of every pixel",
        kept_as="oxford-pets-images.tar.gz",
    ),
    "pets-annotations": Remote(
        title="Oxford-IIIT Pet, the class of every pixel",
        url="https://thor.robots.ox.ac.uk/~vgg/data/pets/annotations.tar.gz",
        sha256="52425fb6de5c424942b7626b428656fcbd798db970a937df61750c0f1d358e91",
        megabytes=19.2,
        instead="chest_xrays(1000), drawn scans with the class of every pixel",
        kept_as="oxford-pets-annotations.tar.gz",
    ),
    "yolov3-tiny": Remote(
        title="YOLOv3-tiny's weights, trained on COCO",
        url="https://pjreddie.com/media/files/yolov3-tiny.weights",
        sha256="dccea06f59b781ec1234ddf8d1e94b9519a97f4245748a7d4db75d5b7080a42c",
        megabytes=35.4,
        instead="small_yolo(...), which learns the drawn streets in a minute",
    ),
}


def cache_folder() -> Path:
    """Where fetched files are kept: ``$CNNLAB_DATA``, or else the user's cache folder."""
    import pooch

    return Path(os.environ.get("CNNLAB_DATA") or pooch.os_cache("cnnlab")).expanduser()


def fetch(name: str) -> Path:
    """The path of a file of `REMOTE`, downloaded if it is not in the cache yet.

    The download goes to a temporary file, which takes its place in the cache only once its
    checksum is right. A file that was cut short or changed is fetched again.

    Raises
    ------
    ValueError
        If there is no such file in `REMOTE`.
    ConnectionError
        If it cannot be reached. The message says what is missing, where it would have been kept,
        and which bundled set to use instead.
    OSError
        If what came is not the file that was expected, or it cannot be stored.
    """
    if name not in REMOTE:
        raise ValueError(f"name is {name!r}; expected one of {', '.join(map(repr, REMOTE))}")
    import pooch
    import requests

    remote, folder = REMOTE[name], cache_folder()
    filename = remote.filename
    try:
        path = pooch.retrieve(
            remote.url,
            known_hash=f"sha256:{remote.sha256}",
            fname=filename,
            path=folder,
            downloader=pooch.HTTPDownloader(progressbar=True, chunk_size=2**16, timeout=TIMEOUT),
        )
    except requests.RequestException as error:
        raise ConnectionError(
            _missing(remote, folder / filename, "could not be fetched")
        ) from error
    except ValueError as error:  # pooch's word for a wrong checksum
        reason = "was fetched, but its checksum is wrong (cut short, or changed on the way)"
        raise OSError(_missing(remote, folder / filename, reason)) from error
    return Path(path)


def _missing(remote: Remote, path: Path, reason: str) -> str:
    return (
        f"{remote.title} ({remote.megabytes:g} MB), {reason}.\n"
        f"  From:        {remote.url}\n"
        f"  To be kept:  {path} (a copy from another machine may be put there;"
        " the folder is set by CNNLAB_DATA)\n"
        f"  Use instead: {remote.instead}"
    )
