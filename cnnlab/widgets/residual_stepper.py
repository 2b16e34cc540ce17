"""The residual block, layer by layer: shapes on both paths, and whether they can be added."""

from collections.abc import Sequence

from cnnlab.widgets.frame import Figure, Flag, OneOf, Whole
from cnnlab.widgets.size_calculator import Shape


class ResidualStepper(Figure):
    """Walk through a residual block: layers, short cut, addition, ReLU.

    Convolutions have "same" padding, ⌈n / s⌉, and no bias; batch normalization follows each.

    The reader's moves can be read back: ``position`` is the step shown, counted from 0, the input;
    ``zero_gamma`` says whether γ of the last batch normalization starts at 0.

    Parameters
    ----------
    input_shape
        (H, W, C) of a[l], each at most 4096.
    filters
        F. The convolutions of a basic block have F filters; those of a bottleneck F, F and 4F.
    kind
        ``"basic"`` (3 × 3, 3 × 3) or ``"bottleneck"`` (1 × 1, 3 × 3, 1 × 1).
    stride
        1 or 2, of the first 3 × 3 convolution and of the short cut.
    shortcut
        ``"identity"``, ``"projection"`` (1 × 1 convolution, then batch normalization), ``"pad"``
        (every s-th pixel, and zeros for the missing channels) or ``"none"`` (a plain network).
        Shapes that cannot be added are no error here: the figure explains them.

    Raises
    ------
    ValueError
        If an argument is not one of these.

    Source: He et al., Deep Residual Learning for Image Recognition (2015), sections 3.2, 3.3, 4.1.
    """

    script = "residual_stepper"
    input_shape = Shape([56, 56, 64]).tag(sync=True)
    filters = Whole(64, at_least=1, at_most=2048)
    kind = OneOf("basic", "bottleneck")
    stride = Whole(1, at_least=1, at_most=2)
    shortcut = OneOf("identity", "projection", "pad", "none")
    zero_gamma = Flag()
    position = Whole(0)

    def __init__(
        self,
        input_shape: Sequence[int] = (56, 56, 64),
        filters: int = 64,
        kind: str = "basic",
        stride: int = 1,
        shortcut: str = "identity",
    ):
        super().__init__(
            input_shape=input_shape, filters=filters, kind=kind, stride=stride, shortcut=shortcut
        )
