"""Which images fit into a U-Net, and how large they are on every level. No network is built."""

from typing import NamedTuple

from cnnlab.checks import one_of, whole

PADDINGS = ("valid", "same")
UPS = ("transposed", "resize")


class Sizes(NamedTuple):
    """Cells along one axis of an image, on its way through a U-Net of `depth` levels."""

    down: tuple[tuple[int, int], ...]  #: of each level: as it comes, and after two convolutions
    bottom: tuple[int, int]  #: the same, where the image is smallest
    up: tuple[tuple[int, int], ...]  #: the same, upwards: after the enlarging, and after two more

    @property
    def output(self) -> int:
        """Cells of the prediction."""
        return self.up[-1][1] if self.up else self.bottom[1]


def unet_sizes(n: int, depth: int = 4, padding: str = "valid", up: str = "transposed") -> Sizes:
    """The sizes of a U-Net's feature maps along one axis, such as 572 … 28 … 388.

    Every pooling halves, so every size that is pooled has to be even. With ``"same"`` that means a
    multiple of ``2^depth``. With ``"valid"`` each convolution takes two cells off as well.

    Parameters
    ----------
    n
        Height or width of the image.
    depth
        How often the image is halved.
    padding
        Of the convolutions: ``"valid"`` or ``"same"``.
    up
        ``"transposed"`` or ``"resize"``, as in :func:`cnnlab.segmentation.unet`.

    Raises
    ------
    ValueError
        If `n` does not fit: the message names the next smaller and the next larger size that do. Or
        if another argument is not one of these.
    """
    n, depth = whole("n", n, 1), whole("depth", depth, 1)
    one_of("padding", padding, PADDINGS)
    one_of("up", up, UPS)
    found = _sizes(n, depth, padding, up)
    if isinstance(found, Sizes):
        return found
    fits = [size for size in _neighbours(n, depth, padding, up) if size]
    raise ValueError(
        f"n is {n}, and with depth {depth} and padding {padding!r} {found};"
        f" expected {' or '.join(map(str, fits))}"
    )


def _sizes(n: int, depth: int, padding: str, up: str) -> Sizes | str:
    """The sizes; or, in words, why there are none."""
    lost = 2 if padding == "valid" else 0  # by each 3×3 convolution
    down, ups = [], []
    for _ in range(depth):
        after = n - 2 * lost
        if after < 2:
            return "nothing is left to be halved"
        if after % 2:
            return f"a feature map of {after} cells has to be halved"
        down.append((n, after))
        n = after // 2
    bottom = n, n - 2 * lost
    n = bottom[1]
    for _ in range(depth):
        larger = 2 * n - (lost if up == "resize" else 0)
        ups.append((larger, larger - 2 * lost))
        n = ups[-1][1]
    if min(bottom[1], *(size for pair in ups for size in pair)) < 1:
        return "nothing is left"
    return Sizes(tuple(down), bottom, tuple(ups))


def _neighbours(n: int, depth: int, padding: str, up: str) -> tuple[int | None, int]:
    """The next smaller size that fits, or None, and the next larger one.

    Counted from the bottom: what reaches it as m cells was m · 2^depth, and a fixed number more.
    """
    period = 2**depth
    more = 4 * (period - 1) if padding == "valid" else 0  # each level up: 2m + 4
    least = 1
    while not isinstance(_sizes(least * period + more, depth, padding, up), Sizes):
        least += 1
    below = (n - 1 - more) // period  # of the largest size below n, were there no least
    smaller = below * period + more if below >= least else None
    return smaller, max(below + 1, least) * period + more
