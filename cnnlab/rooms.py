"""The rooms of the course, in the lecture's order: the one place that lists them.

A room has the same name on every floor: ``book/``, ``cnnlab/``, ``exercises/``, ``solutions/``,
``tests/``. It may use the rooms before it. A new room is a line here and files of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """A room.

    Attributes
    ----------
    name
        Of its folders and its exercise.
    teaches
        What one learns there, in a line.
    """

    name: str
    teaches: str


ROOMS = (
    Room("convolution", "edges, padding, strides, volumes, layers, pooling, a ConvNet in NumPy"),
    Room(
        "architectures",
        "LeNet-5, AlexNet, VGG-16, ResNet, Inception, MobileNet, EfficientNet, transfer",
    ),
    Room("detection", "localization, sliding windows, IoU, non-max suppression, YOLO"),
    Room("segmentation", "transposed convolution, U-Net"),
    Room("faces", "verification, recognition, Siamese networks, triplet loss"),
    Room("style", "what a ConvNet sees, neural style transfer"),
)
NAMES = tuple(room.name for room in ROOMS)
