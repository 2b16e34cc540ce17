"""The frame of every interactive figure: an anywidget whose state is JSON.

A figure is a class in ``pooling_stepper.py``,

    class PoolingStepper(Figure):
        script = "pooling_stepper"
        image = Matrix(named=IMAGES, most=16)
        stride = Whole(1, at_least=1, at_most=4)

``pooling_stepper.js`` with what it draws, and ``pooling_stepper.json`` with what it says. `Figure`
joins that script and those that it imports, such as ``frame.js``, into one ES module
(`cnnlab.widgets.modules`), so the figure needs no bundler and no other file, in a notebook as in a
published page. What can be touched is computed in JavaScript: a published page has no kernel.
Traits hold lists, numbers, strings and booleans only; :class:`Matrix`, :class:`Whole`,
:class:`Threshold`, :class:`Flag` and :class:`OneOf` refuse anything else with a `ValueError` that
names the argument.
"""

from collections.abc import Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from cnnlab.checks import share, whole
from cnnlab.widgets.modules import join

LIMIT = 30 * 1024  # bytes of one module, as it is sent
LARGEST = 1e6  # a number of a matrix in a link


class Figure(anywidget.AnyWidget):
    """An interactive figure. A subclass says ``script = "<name>"``: its ``.js`` file."""

    # An attribute and no class keyword: traitlets takes those from 5.12 on, and Colab's is older.
    script: str
    # What a link to a published figure may say of its state: for each name of a trait, its limits.
    shared = traitlets.Dict().tag(sync=True)

    @traitlets.default("shared")
    def _limits(self) -> dict[str, dict[str, Any]]:
        traits = self.traits(limits=lambda limits: limits is not None)
        return {name: trait.metadata["limits"] for name, trait in traits.items()}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "script" in vars(cls):  # not for the classes that traitlets makes when traits are added
            cls._esm, cls._css = join(cls.script)
        super().__init_subclass__(**kwargs)

    def __repr__(self) -> str:
        """What stands in a figure's place where it cannot be drawn."""
        name = type(self).__name__
        return f"{name}, an interactive figure: run its cell in Colab or JupyterLab to use it"


class Matrix(traitlets.TraitType):
    """A small 2-D list of finite numbers. Arrays become lists; a name, the matrix it stands for."""

    def __init__(self, named: Mapping[str, Any] | None = None, most: int = 16, **kwargs: Any):
        self.named, self.most = dict(named or {}), most
        super().__init__([[0]], **kwargs)
        self.tag(sync=True, limits={"low": -LARGEST, "high": LARGEST, "most": most})

    def validate(self, owner: Any, value: Any) -> list[list[float]]:
        """Return nested lists, whole numbers as `int`, or raise a `ValueError`."""
        if isinstance(value, str):
            if value not in self.named:
                names = ", ".join(map(repr, self.named))
                raise ValueError(f"{self.name} is {value!r}; expected one of {names}, or numbers")
            value = self.named[value]
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = np.empty(0)
        if array.ndim != 2 or not array.size:
            raise ValueError(
                f"{self.name} is {str(value)[:80]}; expected a 2-D list or array of numbers, "
                "with rows of the same length"
            )
        if max(array.shape) > self.most:
            raise ValueError(
                f"{self.name} has shape {array.shape}; expected at most {self.most} × {self.most}, "
                "because the figure shows every number"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{self.name} holds NaN or infinity; expected finite numbers")
        return [[int(v) if v == int(v) else float(v) for v in row] for row in array]


class Whole(traitlets.TraitType):
    """A whole number between two bounds, both allowed."""

    def __init__(self, default: int = 0, at_least: int = 0, at_most: int = 10_000, **kwargs: Any):
        self.at_least, self.at_most = at_least, at_most
        super().__init__(default, **kwargs)
        self.tag(sync=True, limits={"low": at_least, "high": at_most, "whole": True})

    def validate(self, owner: Any, value: Any) -> int:
        """Return the value as `int`, or raise a `ValueError`."""
        return whole(self.name, value, self.at_least, self.at_most)


class Threshold(traitlets.TraitType):
    """A number from 0 to 1, both allowed."""

    def __init__(self, default: float, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.tag(sync=True, limits={"low": 0, "high": 1})

    def validate(self, owner: Any, value: Any) -> float:
        """Return the value as `float`, or raise a `ValueError`."""
        return share(self.name, value)


class Flag(traitlets.TraitType):
    """True or false, and nothing that merely looks like it."""

    def __init__(self, default: bool = False, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.tag(sync=True, limits={"words": [False, True]})

    def validate(self, owner: Any, value: Any) -> bool:
        """Return the value, or raise a `ValueError`."""
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{self.name} is {value!r}; expected True or False")
        return bool(value)


class OneOf(traitlets.TraitType):
    """One of a few words; the first is the default."""

    def __init__(self, *words: str, **kwargs: Any):
        self.words = words
        super().__init__(words[0], **kwargs)
        self.tag(sync=True, limits={"words": list(words)})

    def validate(self, owner: Any, value: Any) -> str:
        """Return the word, or raise a `ValueError`."""
        if value not in self.words:
            expected = " or ".join(map(repr, self.words))
            raise ValueError(f"{self.name} is {value!r}; expected {expected}")
        return value
