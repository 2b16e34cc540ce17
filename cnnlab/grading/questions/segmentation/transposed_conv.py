"""A transposed convolution."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from cnnlab.grading.question import FLOAT32, Case, Question, Wrong
from cnnlab.grading.questions.segmentation.arrays import (
    Array,
    cut,
    full_size,
    normal,
    one_sided,
    stamped,
    whole,
)


def canvas_of(x: Array, w: Array, step: int, more: int = 0, overwrite: bool = False) -> Array:
    """All stamps, with `more` empty rows below and columns on the right."""
    size = [cells + more for cells in full_size(x, w, step)]
    return stamped(x, w, step, size, overwrite)


def by_stamping(
    x: Array, w: Array, b: Array, stride: int, padding: int, output_padding: int
) -> Array:
    return cut(canvas_of(x, w, stride, output_padding), padding, padding) + b


def overwritten(x, w, b, stride, padding, output_padding):
    canvas = canvas_of(x, w, stride, output_padding, overwrite=True)
    return cut(canvas, padding, padding) + b


def averaged(x, w, b, stride, padding, output_padding):
    """Where stamps overlap, their mean."""
    often = canvas_of(np.ones_like(x[..., :1]), np.ones_like(w[:, :, :1, :1]), stride)
    sums = canvas_of(x, w, stride) / np.maximum(often, 1)
    grown = np.pad(sums, [(0, 0), (0, output_padding), (0, output_padding), (0, 0)])
    return cut(grown, padding, padding) + b


def with_step(x, w, b, stride, padding, output_padding, step):
    return by_stamping(x, w, b, step(stride, w), padding, output_padding)


def repeated(x, w, b, stride, padding, output_padding):
    large = x.repeat(stride, axis=1).repeat(stride, axis=2)
    return by_stamping(large, w, b, 1, padding, output_padding)


def padded(x, w, b, stride, padding, output_padding):
    """A frame is put on instead of cut off."""
    sides = (padding, padding + output_padding)
    return np.pad(canvas_of(x, w, stride), [(0, 0), sides, sides, (0, 0)]) + b


def cut_at(x, w, b, stride, padding, output_padding, before, after):
    """`before` and `after` are multiples of the padding."""
    canvas = canvas_of(x, w, stride, output_padding)
    return cut(canvas, before * padding, after * padding) + b


def cut_to_minus_padding(x, w, b, stride, padding, output_padding):
    canvas = canvas_of(x, w, stride, output_padding)
    return canvas[:, padding:-padding, padding:-padding] + b


def grown_at_the_top(x, w, b, stride, padding, output_padding):
    side = (output_padding, 0)
    return cut(np.pad(canvas_of(x, w, stride), [(0, 0), side, side, (0, 0)]), padding, padding) + b


def grown_without_bias(x, w, b, stride, padding, output_padding):
    side = (0, output_padding)
    return np.pad(by_stamping(x, w, b, stride, padding, 0), [(0, 0), side, side, (0, 0)])


def grown_after_the_cut(x, w, b, stride, padding, output_padding):
    side = (0, output_padding)
    cropped = by_stamping(x, w, 0 * b, stride, padding, 0)
    return np.pad(cropped, [(0, 0), side, side, (0, 0)]) + b


def crowded(x, w, b, stride, padding, output_padding):
    """A canvas of the right size, with stamps one cell apart."""
    size = [cells + output_padding for cells in full_size(x, w, stride)]
    return cut(stamped(x, w, 1, size), padding, padding) + b


def of_one_channel(x, w, *rest, channel):
    return by_stamping(x[..., [channel]], w[..., [channel]], *rest)


def bias_in_each_stamp(x, w, b, stride, padding, output_padding):
    ones, places = np.ones((*w.shape[:2], len(b), 1)), np.ones_like(x[..., :1])
    often = by_stamping(places, ones, 0 * b, stride, padding, output_padding)
    return by_stamping(x, w, 0 * b, stride, padding, output_padding) + often * b


def last_stamps_missing(x, w, b, stride, padding, output_padding):
    """Loops to h - 1 and w - 1, on a canvas of the right size."""
    x = x.copy()
    x[:, -1] = x[:, :, -1] = 0
    return by_stamping(x, w, b, stride, padding, output_padding)


def by_spreading(x, w, b, stride, padding, output_padding):
    """Zeros between the numbers, then an ordinary convolution with turned filters, in float32."""
    N, height, width, C = x.shape
    f_h, f_w = w.shape[:2]
    spread = np.zeros((N, stride * (height - 1) + 1, stride * (width - 1) + 1, C), "float32")
    spread[:, ::stride, ::stride] = x
    sides = [(f - 1, f - 1 + output_padding) for f in (f_h, f_w)]
    framed = np.pad(spread, [(0, 0), *sides, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(framed, (f_h, f_w), axis=(1, 2))
    z = np.einsum("nijcuv,uvkc->nijk", windows, w[::-1, ::-1].astype("float32"))
    end = z.shape[1] - padding, z.shape[2] - padding
    return z[:, padding : end[0], padding : end[1]] + b


def by_keras(x, w, b, stride, padding, output_padding):
    from keras import ops

    z = ops.conv_transpose(x.astype("float32"), w.astype("float32"), stride, "valid")
    # With a filter smaller than the stride, Keras grows the result to whole steps.
    size = full_size(x, w, stride)
    z = ops.convert_to_numpy(z)[:, : size[0], : size[1]]
    side = (0, output_padding)
    z = np.pad(z, [(0, 0), side, side, (0, 0)])
    end = z.shape[1] - padding, z.shape[2] - padding
    return (z[:, padding : end[0], padding : end[1]] + b).tolist()


def transposed_cases(rng: np.random.Generator) -> Sequence[Case]:
    def case(shape: tuple[int, ...], f_h: int, f_w: int, K: int, *steps: int) -> Case:
        w = normal(rng, f_h, f_w, K, shape[-1])
        return normal(rng, *shape), w, (1 + rng.random(K)).round(2), *steps

    small = whole(rng, 1, 2, 3, 1), one_sided(rng, 3, 3, 1, 1), np.array([0.5]), 2, 0, 0
    return [
        small,
        case((2, 3, 5, 2), 3, 4, 3, 2, 1, 1),
        case((2, 4, 3, 3), 2, 2, 1, 3, 0, 2),  # stamps with gaps between them, and rows beyond
        case((1, 5, 4, 1), 5, 3, 2, 1, 2, 0),
        case((3, 2, 4, 2), 4, 5, 4, 3, 2, 1),
    ]


QUESTION = Question(
    id="transposed_conv",
    room="segmentation",
    title="A transposed convolution",
    points=4,
    level=2,
    kind="function",
    cases=transposed_cases,
    oracle=by_stamping,
    tolerance=FLOAT32,
    wrong=(
        Wrong(
            "filter turned",
            lambda x, w, *rest: by_stamping(x, w[::-1, ::-1], *rest),
            "Your filters are turned by half a turn. A stamp is laid down as it is. Only those who"
            " spread the image and slide over it have to turn the filter, and they do it once.",
        ),
        Wrong(
            "filter mirrored",
            lambda x, w, *rest: by_stamping(x, w[:, ::-1], *rest),
            "Left and right of your filters changed places. Compare the index of the column in the"
            " filter with that on the canvas.",
        ),
        Wrong(
            "filter upside down",
            lambda x, w, *rest: by_stamping(x, w[::-1], *rest),
            "Your filters stand on their heads. Compare the index of the row in the filter with"
            " that on the canvas.",
        ),
        Wrong(
            "overlaps overwritten",
            overwritten,
            "Where two stamps overlap, only the later one is left. Both count: look at what your"
            " line does with the number that is there already.",
        ),
        Wrong(
            "overlaps averaged",
            averaged,
            "Where stamps overlap, you take their mean. The uneven sums are real: they are the"
            " checkerboard of the page “Transposed convolution”.",
        ),
        Wrong(
            "stride forgotten",
            partial(with_step, step=lambda stride, w: 1),
            "Your stamps lie one cell apart, whatever the stride is. It says how far apart they"
            " lie on the canvas.",
        ),
        Wrong(
            "stride in the size only",
            crowded,
            "Your canvas has the right size, but the stamps lie one cell apart. The stride says"
            " where each of them begins, too.",
        ),
        Wrong(
            "first image for all",
            lambda x, *rest: by_stamping(np.repeat(x[:1], len(x), 0), *rest),
            "All images of the batch have the result of the first one.",
        ),
        Wrong(
            "first channel only",
            partial(of_one_channel, channel=0),
            "Only the first channel of the image leaves stamps. Each channel has its own filter,"
            " and all of them add up.",
        ),
        Wrong(
            "last channel only",
            partial(of_one_channel, channel=-1),
            "Only the last channel of the image leaves stamps. Look at what your loop over the"
            " channels does with those before: all of them add up.",
        ),
        Wrong(
            "one zero too many between",
            partial(with_step, step=lambda stride, w: stride + 1),
            "Your stamps lie one cell too far apart. Those who spread the image with zeros: how"
            " many zeros stand between two numbers that are a stride apart?",
        ),
        Wrong(
            "zeros after the last number",
            lambda x, w, b, stride, padding, o: by_stamping(
                x, w, b, stride, padding, o + stride - 1
            ),
            "Your result has rows and columns too many at its end. Those who spread the image with"
            " zeros: they stand between two numbers, and none after the last one.",
        ),
        Wrong(
            "stamps side by side",
            partial(with_step, step=lambda stride, w: len(w)),
            "Your stamps lie side by side, a filter's height apart. How far apart they lie is the"
            " stride's business, so they may overlap, or leave gaps.",
        ),
        Wrong(
            "stride as repetition",
            repeated,
            "You repeated each number of the image, and stamped all of them. Each number of the"
            " image stamps once.",
        ),
        Wrong(
            "padding that grows",
            padded,
            "Your padding puts a frame on. On the way back it takes one off: the frame that the"
            " convolution had put on.",
        ),
        Wrong(
            "padding forgotten",
            partial(cut_at, before=0, after=0),
            "Nothing is cut off from your canvas. What does the padding say?",
        ),
        Wrong(
            "nothing left without padding",
            cut_to_minus_padding,
            "Where the padding is 0, your result is empty. A slice that is to leave out the last 0"
            " rows ends at −0, which is the first row.",
        ),
        Wrong(
            "all cut off below and on the right",
            partial(cut_at, before=0, after=2),
            "The size is right, but you cut off all rows below and all columns on the right. The"
            " padding is a frame, so it has four sides.",
        ),
        Wrong(
            "all cut off at the top and the left",
            partial(cut_at, before=2, after=0),
            "The size is right, but you cut off all rows at the top and all columns on the left."
            " The padding is a frame, so it has four sides.",
        ),
        Wrong(
            "nothing cut off below and on the right",
            partial(cut_at, before=1, after=0),
            "You cut off rows at the top and columns on the left only, so your result is too large."
            " The padding is a frame: it has four sides.",
        ),
        Wrong(
            "nothing cut off at the top and the left",
            partial(cut_at, before=0, after=1),
            "You cut off rows below and columns on the right only, so your result is too large."
            " The padding is a frame: it has four sides.",
        ),
        Wrong(
            "output padding forgotten",
            lambda x, w, b, stride, padding, o: by_stamping(x, w, b, stride, padding, 0),
            "Where there is an output padding, your result is too small. What does the first step"
            " say about the size of the canvas?",
        ),
        Wrong(
            "output padding at the top and the left",
            grown_at_the_top,
            "Your output padding stands at the top and on the left. It belongs below and on the"
            " right, after the last stamps.",
        ),
        Wrong(
            "output padding without bias",
            grown_without_bias,
            "You appended rows of zeros at the very end. The canvas grows before the frame is cut"
            " off and before the bias is added: a row that is kept may hold more than zeros.",
        ),
        Wrong(
            "output padding after the cut",
            grown_after_the_cut,
            "You appended rows of zeros after the frame was cut off. The canvas grows before that:"
            " a row that is kept may hold more than zeros.",
        ),
        Wrong(
            "bias forgotten",
            lambda x, w, b, *rest: by_stamping(x, w, 0 * b, *rest),
            "The stamps are right, but the bias is missing.",
        ),
        Wrong(
            "bias in each stamp",
            bias_in_each_stamp,
            "Your stamps carry the bias with them, so it is added more often where they overlap,"
            " and never in a gap. Each cell of the result gets it once.",
        ),
        Wrong(
            "last stamps missing",
            last_stamps_missing,
            "The last row and the last column of the image leave no stamp. How far do your loops"
            " go?",
        ),
    ),
    alternatives=(by_spreading, by_keras),
)
