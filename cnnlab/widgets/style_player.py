"""The style player: a picture on its way through the descent, its costs, and mixes of weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnlab.checks import array, number, whole
from cnnlab.data.pictures import Picture
from cnnlab.widgets.frame import Figure, Whole
from cnnlab.widgets.photos import fitted, read_photo, within

MOST_FRAMES, MOST_MIXES = 60, 25
MOST_PIXELS = 256  # of the longer side
MOST_BYTES = 400_000  # of all frames, and of all mixes, as they are sent
MOST_POINTS = 200  # of a curve

Costs = Mapping[str, ArrayLike]
Mixes = Mapping[tuple[float, float], Picture]


class StylePlayer(Figure):
    """Play a picture being painted, with both costs beside it; mix content and style.

    A `cnnlab.style.Painting` has the first three arguments, as ``frames``, ``frame_steps`` and
    ``costs``.

    What the reader chose can be read back: ``position``, the frame; ``content`` and ``style``, the
    place of the weights of the mix among ``content_weights`` and ``style_weights``.

    Parameters
    ----------
    frames
        The picture on its way, from 2 to 60 of one size, each as `cnnlab.data.read_picture` takes
        it. What is larger than 256 pixels is made smaller.
    steps
        After how many steps each was taken: whole numbers from 0 on that rise.
    costs
        ``"content"`` and ``"style"``: the costs before each step, so ``steps[-1] + 1`` numbers
        each, none negative. Other names are left aside.
    mixes
        Results for some content weights α and some style weights β, each with each, as
        ``{(α, β): picture}``; at most 25, of one size. None: there is only the run.

    Raises
    ------
    ValueError
        If the arguments do not fit each other, or the pictures take more than 400 kB even at the
        lowest quality.
    """

    script = "style_player"
    frames = traitlets.List(traitlets.Unicode()).tag(sync=True)  # data URLs
    steps = traitlets.List(traitlets.Int()).tag(sync=True)
    size = traitlets.List(traitlets.Int()).tag(sync=True)  # height and width of a frame
    curve_steps = traitlets.List(traitlets.Int()).tag(sync=True)  # all of `steps` among them
    content_costs = traitlets.List(traitlets.Float()).tag(sync=True)  # at each of curve_steps
    style_costs = traitlets.List(traitlets.Float()).tag(sync=True)
    mixes = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)  # α down, β across
    mix_size = traitlets.List(traitlets.Int()).tag(sync=True)
    content_weights = traitlets.List(traitlets.Float()).tag(sync=True)
    style_weights = traitlets.List(traitlets.Float()).tag(sync=True)
    position = Whole(0)
    content = Whole(0)
    style = Whole(0)

    def __init__(
        self,
        frames: Sequence[Picture],
        steps: Sequence[int],
        costs: Costs,
        mixes: Mixes | None = None,
    ):
        pictures = read_frames(frames)
        taken = read_steps(steps, len(pictures))
        found = read_costs(costs, taken[-1] + 1)
        points = thinned(taken)
        super().__init__(
            frames=within("frames", pictures, MOST_BYTES),
            steps=taken,
            size=list(pictures[0].shape[:2]),
            curve_steps=points,
            content_costs=significant(found["content"][points]),
            style_costs=significant(found["style"][points]),
            **({} if mixes is None else read_mixes(mixes)),
        )

    @traitlets.validate("position", "content", "style")
    def _is_there(self, proposal: Any) -> int:
        name = proposal["trait"].name
        many = {
            "position": self.frames,
            "content": self.content_weights,
            "style": self.style_weights,
        }
        return whole(name, proposal["value"], 0, max(len(many[name]) - 1, 0))


# ---- what is given ----


def read_frames(frames: Any) -> list[np.ndarray]:
    """Pictures of one size, `uint8`, at most 256 pixels a side; or a `ValueError`."""
    count = len(frames) if hasattr(frames, "__len__") else 0
    if not 2 <= count <= MOST_FRAMES or isinstance(frames, str):
        raise ValueError(f"frames has {count} pictures; expected 2 to {MOST_FRAMES}")
    return of_one_size("frames", [read_photo(f"frames[{i}]", one) for i, one in enumerate(frames)])


def of_one_size(name: str, pictures: list[np.ndarray]) -> list[np.ndarray]:
    """The pictures, made smaller if they are large, or a `ValueError` if their sizes differ."""
    shapes = sorted({one.shape[:2] for one in pictures})
    if len(shapes) > 1:
        raise ValueError(f"{name} has pictures of the sizes {shapes}; expected one size for all")
    return [fitted(one, MOST_PIXELS) for one in pictures]


def read_steps(steps: Any, count: int) -> list[int]:
    """The steps of the frames, or a `ValueError`."""
    if len(steps) != count:
        raise ValueError(f"steps has length {len(steps)}; expected {count}, one for each frame")
    found = [whole(f"steps[{i}]", one, 0) for i, one in enumerate(steps)]
    if not (np.diff(found) > 0).all():
        raise ValueError(f"steps is {found}; expected numbers that rise")
    return found


def read_costs(costs: Any, count: int) -> dict[str, np.ndarray]:
    """Both costs as arrays, or a `ValueError`."""
    found = {}
    for name in ("content", "style"):
        if not isinstance(costs, Mapping) or name not in costs:
            keys = list(costs) if isinstance(costs, Mapping) else costs
            raise ValueError(f"costs has {str(keys)[:80]}; expected 'content' and 'style'")
        values = array(f"costs[{name!r}]", costs[name], "N").astype(float)
        if len(values) != count:
            raise ValueError(
                f"costs[{name!r}] has length {len(values)}; expected {count}: one for each step "
                "from 0 to the last of steps"
            )
        if not (np.isfinite(values).all() and values.min() >= 0):
            raise ValueError(
                f"costs[{name!r}] has NaN, infinity or a negative number; expected costs"
            )
        found[name] = values
    return found


def read_mixes(mixes: Any) -> dict[str, Any]:
    """The grid of results, a row for each content weight; or a `ValueError`."""
    keys = list(mixes) if isinstance(mixes, Mapping) else []
    if not keys or not all(isinstance(key, tuple) and len(key) == 2 for key in keys):
        raise ValueError(f"mixes has the keys {str(keys)[:80]}; expected {{(α, β): picture, …}}")
    alphas, betas = (sorted({number("mixes", key[i]) for key in keys}) for i in (0, 1))
    missing = [(a, b) for a in alphas for b in betas if (a, b) not in mixes]
    if missing or len(keys) > MOST_MIXES:
        raise ValueError(
            f"mixes has {len(keys)} pictures, and lacks {missing[:3]}; expected one for each "
            f"content weight with each style weight, at most {MOST_MIXES}"
        )
    pairs = [(a, b) for a in alphas for b in betas]
    pictures = [read_photo(f"mixes[{pair}]", mixes[pair]) for pair in pairs]
    pictures = of_one_size("mixes", pictures)
    urls = within("mixes", pictures, MOST_BYTES)
    return {
        "mixes": [urls[i : i + len(betas)] for i in range(0, len(urls), len(betas))],
        "mix_size": list(pictures[0].shape[:2]),
        "content_weights": alphas,
        "style_weights": betas,
        "content": (len(alphas) - 1) // 2,
        "style": (len(betas) - 1) // 2,
    }


# ---- what is sent ----


def thinned(steps: list[int]) -> list[int]:
    """Steps from 0 to the last, about 200 of them, with all of `steps`."""
    stride = max(1, -(-steps[-1] // MOST_POINTS))
    return sorted({*range(0, steps[-1], stride), *steps})


def significant(values: np.ndarray) -> list[float]:
    """Numbers with five digits: a page need not carry more."""
    return [float(f"{value:.5g}") for value in values]
