"""Make ``cnnlab/data/brain.npz`` from the average brain that comes with nilearn.

    python -m venv /tmp/brain
    /tmp/brain/bin/pip install nilearn nibabel
    /tmp/brain/bin/python tools/brain.py

Three maps of one volume of 1 mm: T1-weighted, gray matter and white matter, the latter two in
255ths of a voxel. The same maps give the same bytes, wherever zlib is the same; the arrays are the
same everywhere.
"""

import hashlib
from importlib.metadata import distribution
from pathlib import Path

import numpy as np

SOURCE = "nilearn/datasets/data/mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
SHA256 = {
    "t1": "421a10e872fd6cadae7f61d358dffbcc1795a497d61ee76c5dda2503e1a1e9e6",
    "gm": "97a5ca69bd24db37a9cb7b32525e1733a209af904129bf1cd36da06d24243bed",
    "wm": "382d92812de4744f9c86c7a0e4f680dc317a0a50e4da1f0153618a6798c7b7db",
}
TARGET = Path(__file__).resolve().parent.parent / "cnnlab" / "data" / "brain.npz"
# What is kept of the 99 × 117 × 95 voxels of 2 mm: all of the brain, and sides that 16 divides.
X, Y, Z = slice(9, 89), slice(10, 106), slice(0, 80)


def volume(name: str) -> np.ndarray:
    """(197, 233, 189) uint8: to the right, to the front, upwards."""
    path = Path(distribution("nilearn").locate_file(SOURCE.format(name)))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != SHA256[name]:
        raise SystemExit(f"{path} has sha256 {found}; expected {SHA256[name]}")
    import nibabel

    image = nibabel.load(path)
    if nibabel.aff2axcodes(image.affine) != ("R", "A", "S"):
        raise SystemExit(f"{path} is turned: {nibabel.aff2axcodes(image.affine)}")
    return np.asarray(image.dataobj)


def halved(fine: np.ndarray) -> np.ndarray:
    """(80, 96, 80): means over 2 × 2 × 2 voxels, without most of the margin, which is empty."""
    even = np.pad(fine, [(0, n % 2) for n in fine.shape]).astype(np.float64)
    x, y, z = (n // 2 for n in even.shape)
    return even.reshape(x, 2, y, 2, z, 2).mean((1, 3, 5))[X, Y, Z]


def tissue(gray: np.ndarray, white: np.ndarray) -> np.ndarray:
    """The class of each voxel: what it holds most of. 0 is neither, 1 gray, 2 white matter."""
    return np.argmax([255 - gray - white, gray, white], axis=0).astype(np.uint8)


if __name__ == "__main__":
    t1, gray, white = (halved(volume(name)) for name in SHA256)
    np.savez_compressed(TARGET, t1=np.rint(t1).astype(np.uint8), tissue=tissue(gray, white))
    size, digest = TARGET.stat().st_size, hashlib.sha256(TARGET.read_bytes()).hexdigest()
    print(f"{TARGET}: {size:,} bytes, sha256 {digest}")
