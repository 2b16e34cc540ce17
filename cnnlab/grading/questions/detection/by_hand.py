"""Three results by hand."""

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from cnnlab.grading.question import (
    Question,
    Tolerance,
    Wrong,
    no_arguments,
)


def by_hand(**mistake: Any) -> dict[str, Any]:
    return {"iou": 8 / 52, "volume": (5, 7, 27), "kept": [1, 2, 0, 5]} | mistake


QUESTION = Question(
    id="by_hand",
    room="detection",
    title="Three results by hand",
    points=2,
    level=1,
    kind="value",
    cases=no_arguments,
    oracle=by_hand,
    tolerance=Tolerance(0, 0.002, "by hand, an IoU with three decimals is enough"),
    wrong=(
        Wrong(
            "overlap counted twice in the union",
            partial(by_hand, iou=8 / 60),
            "The two areas together count one part twice: the one that both boxes cover. The union"
            " has it once.",
        ),
        Wrong(
            "a pixel added to each side",
            partial(by_hand, iou=15 / 69),
            "Your widths and heights are one too large. In this course a box covers"
            " [x_min, x_max), so its width is a difference and nothing else.",
        ),
        Wrong(
            "divided by the smaller box",
            partial(by_hand, iou=8 / 24),
            "You divided by the area of the smaller box. The union is all that at least one of the"
            " two boxes covers.",
        ),
        Wrong(
            "divided by the box around both",
            partial(by_hand, iou=8 / 64),
            "You divided by the rectangle around both boxes. It has corners that neither box"
            " covers, and they are no part of the union.",
        ),
        Wrong(
            "per cent",
            partial(by_hand, iou=15.4),
            "Your IoU is in per cent. It lies between 0 and 1.",
        ),
        Wrong(
            "per cent, two decimals",
            partial(by_hand, iou=15.38),
            "Your IoU is a percentage. Give it as a number between 0 and 1.",
        ),
        Wrong(
            "one anchor only",
            partial(by_hand, volume=(5, 7, 9)),
            "The volume has room for one object in a cell. How many places does a cell have if"
            " there are three anchors?",
        ),
        Wrong(
            "classes only",
            partial(by_hand, volume=(5, 7, 12)),
            "You counted the classes of each anchor. What else stands in y before the classes?",
        ),
        Wrong(
            "p_c left out",
            partial(by_hand, volume=(5, 7, 24)),
            "Four numbers for the box and the classes, but which number says whether an object is"
            " there at all?",
        ),
        Wrong(
            "background counted as a class",
            partial(by_hand, volume=(5, 7, 30)),
            "You gave the background a class of its own. That nothing is there is said by p_c"
            " already.",
        ),
        Wrong(
            "columns before rows",
            partial(by_hand, volume=(7, 5, 27)),
            "Which comes first, rows or columns? The axes of an image, and of a grid, are (height,"
            " width, channels).",
        ),
        Wrong(
            "class-agnostic suppression",
            partial(by_hand, kept=[1, 0, 5]),
            "You let a box of one class drop a box of another. A pedestrian in front of a car is"
            " not a second detection of the car.",
        ),
        Wrong(
            "IoU of 0.5 kept",
            partial(by_hand, kept=[1, 2, 4, 5]),
            "Look at the pair with an IoU of exactly 0.5. Does the lecture's rule say “more than”"
            " or “at least”?",
        ),
        Wrong(
            "score of 0.6 kept",
            partial(by_hand, kept=[1, 2, 0, 5, 3]),
            "Look at the box with a score of exactly 0.6. Which boxes does the first of the three"
            " steps drop?",
        ),
        Wrong(
            "suppressed boxes suppress",
            partial(by_hand, kept=[1, 2, 5]),
            "A box that was dropped is gone: it drops no other box any more.",
        ),
        Wrong(
            "class after class",
            partial(by_hand, kept=[1, 0, 2, 5]),
            "These are the right boxes, a class after the other. The question asks for the best"
            " first, whatever its class.",
        ),
        Wrong(
            "IoU below the threshold dropped",
            partial(by_hand, kept=[1, 2, 0]),
            "A box was dropped by one of its class that it overlaps too little. From which IoU on"
            " does the rule drop?",
        ),
        Wrong(
            "not the best first",
            partial(by_hand, kept=[0, 1, 2, 5]),
            "These are the right boxes, in the order of their numbers. The question asks for"
            " another order.",
        ),
    ),
    parts="abc",
    counted=("kept",),
    alternatives=(
        lambda: by_hand(iou=Fraction(2, 13)),
        lambda: {"iou": 0.154, "volume": [5, 7, 27], "kept": np.array([1, 2, 0, 5])},
    ),
)
