"""The interactive figures. The last expression of a cell shows one: ``ConvolutionStepper()``.

Each is imported when it is first asked for, because the widget library takes a moment to load.
"""

from importlib import import_module
from typing import Any

HOMES = {
    "ConvolutionStepper": "convolution_stepper",
    "SizeCalculator": "size_calculator",
    "VolumeStepper": "volume_stepper",
    "PoolingStepper": "pooling_stepper",
    "ResidualStepper": "residual_stepper",
    "LiveLeNet": "live_lenet",
    "ArchitectureExplorer": "architecture_explorer",
    "IoUPlayground": "iou_playground",
    "NMSStepper": "nms_stepper",
    "YoloTarget": "yolo_target",
    "PrecisionRecall": "precision_recall",
    "SlidingWindow": "sliding_window",
}
__all__ = list(HOMES)


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *HOMES])
