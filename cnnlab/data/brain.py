"""A real brain: slices of the ICBM 152 average, with their gray and white matter."""

from pathlib import Path

import numpy as np

from cnnlab import checks
from cnnlab.data.scans import Scans

#: What the masks of :func:`brain_mri` count, from 0: background, gray matter, white matter.
TISSUE_CLASSES = ("background", "gray matter", "white matter")
BUNDLED = Path(__file__).with_name("brain.npz")
# For each direction: the axis of the volume that is cut, and those along which rows and columns
# run. Down is backwards or downwards, and the patient's right is on the left, as on a film.
DIRECTIONS = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}


def brain_mri(direction: str = "axial") -> Scans:
    """Slices through a brain, an average of 152 healthy adults, in steps of 2 mm.

    Its edges are less sharp than those of one brain. The average is of both halves, too: the left
    is the mirror image of the right. Outside the brain, where scalp and skull were removed, the
    picture is 0.

    Parameters
    ----------
    direction
        ``"axial"``: 80 slices of 96 × 80, from the neck up, nose up. ``"coronal"``: 96 slices of
        80 × 80, from the back to the front. ``"sagittal"``: 80 slices of 80 × 96, from left to
        right, nose to the left.

    Returns
    -------
    Scans
        Images, ``(N, H, W, 1)`` float32 in [0, 1]; masks, ``(N, H, W)`` uint8, places in
        `TISSUE_CLASSES`: what a voxel holds most of, gray matter, white matter, or neither.

    Raises
    ------
    ValueError
        If there is no such direction.

    References
    ----------
    V. Fonov, A. C. Evans, K. Botteron, C. R. Almli, R. C. McKinstry, D. L. Collins, Unbiased
    average age-appropriate atlases for pediatric studies, NeuroImage, 2011.
    """
    axes = DIRECTIONS[checks.one_of("direction", direction, DIRECTIONS)]
    with np.load(BUNDLED) as file:
        images, masks = (_slices(file[name], axes) for name in ("t1", "tissue"))
    return Scans(images[..., np.newaxis] / np.float32(255), masks)


def _slices(volume: np.ndarray, axes: tuple[int, int, int]) -> np.ndarray:
    """(N, H, W), from a volume whose axes run to the right, to the front and upwards."""
    return np.ascontiguousarray(volume.transpose(axes)[:, ::-1, ::-1])
