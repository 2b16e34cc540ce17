"""YOLOv3-tiny, the real thing: eighty classes, photographs, and weights that Darknet trained.

The network is here, its weight files are in ``darknet_file``, and the way from a photograph to
boxes is in ``darknet_photo``.

J. Redmon, A. Farhadi, YOLOv3: an incremental improvement, arXiv:1804.02767, 2018. The network is
``cfg/yolov3-tiny.cfg`` of Darknet (github.com/pjreddie/darknet), the program in C that the authors
trained it with.

It differs from :mod:`cnnlab.detection.yolo` in three things. It has two grids, a coarse one for
what is large and a fine one for what is small. Its numbers stand in another order: b_x, b_y, b_w,
b_h, p_c, c_1, c_2, …. And each class has a sigmoid of its own, so that one box may be two things.
"""

from collections.abc import Sequence
from os import PathLike

import keras
from keras import KerasTensor
from keras import layers as L

from cnnlab.checks import image_shape, whole
from cnnlab.data.fetch import fetch
from cnnlab.detection.darknet_file import load_darknet

FILTERS = (16, 32, 64, 128, 256, 512)  # of the convolutions that a pooling follows
ANCHORS = ((10, 14), (23, 27), (37, 58), (81, 82), (135, 169), (344, 319))  # widths and heights

# Which anchors the coarse head has, and which the fine one. The fine one was meant to have 0, 1, 2,
# but the published weights were trained with 1, 2, 3 by mistake, and give right boxes only so
# (github.com/pjreddie/darknet/issues/851, github.com/ultralytics/yolov3/pull/421).
MASKS = ((3, 4, 5), (1, 2, 3))

# As in training: normalize_kernel in blas_kernels.cu adds 1e-5 to the variance, and so does cuDNN.
# On a CPU, normalize_cpu in blas.c adds 1e-6 to the root instead.
EPSILON = 1e-5

#: The 80 classes in COCO's words; Darknet has Pascal VOC's for six of them, such as "motorbike".
COCO_CLASSES = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench"),
    *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    *("backpack", "umbrella", "handbag", "tie", "suitcase"),
    *("frisbee", "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove"),
    *("skateboard", "surfboard", "tennis racket"),
    *("bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl"),
    *("banana", "apple", "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza"),
    *("donut", "cake"),
    *("chair", "couch", "potted plant", "bed", "dining table", "toilet"),
    *("tv", "laptop", "mouse", "remote", "keyboard", "cell phone"),
    *("microwave", "oven", "toaster", "sink", "refrigerator"),
    *("book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush"),
)


def yolov3_tiny(
    input_shape: Sequence[int] = (416, 416, 3),
    classes: int = 80,
    weights: str | PathLike | None = None,
) -> keras.Model:
    """YOLOv3-tiny: thirteen convolutions, and an answer on two grids.

    Parameters
    ----------
    input_shape
        ``(H, W, C)``; height and width are multiples of 32. Any such size fits the weights.
    classes
        How many.
    weights
        None for random ones; ``"coco"`` for those that the authors trained on COCO's 80 classes
        (35 MB, fetched from them with a checksum, and kept); anything else is the path of a
        Darknet weight file. Theirs is at https://pjreddie.com/media/files/yolov3-tiny.weights; if
        the server refuses a program, fetch it with a browser and give its path.

    Returns
    -------
    keras.Model
        From images ``(N, H, W, C)`` with values from 0 to 1 to two arrays, ``(N, H / 32, W / 32,
        3, 5 + classes)`` and ``(N, H / 16, W / 16, 3, 5 + classes)``: numbers without bounds, for
        :func:`decode_heads`. With 80 classes it has 8,858,734 parameters, the means and variances
        of batch normalisation included.

    Raises
    ------
    ValueError
        If an argument is not one of these, or the file does not fit.
    ConnectionError
        If weights must be fetched and cannot be.
    OSError
        If what came is something else.
    """
    shape, classes = image_shape(input_shape, at_least=32), whole("classes", classes, 1)
    if shape[0] % 32 or shape[1] % 32:
        raise ValueError(f"input_shape is {shape}; expected a height and width that 32 divides")
    if weights == "coco" and (shape[2], classes) != (3, len(COCO_CLASSES)):
        raise ValueError(
            f"weights is 'coco', with {shape[2]} channels and {classes} classes;"
            f" expected 3 channels and {len(COCO_CLASSES)} classes"
        )
    image = x = keras.Input(shape)
    for number, filters in enumerate(FILTERS, start=1):
        x = conv_bn_leaky(x, filters, 3, name=f"conv{number}")
        if number == 5:
            fine = x  # (N, 26, 26, 256)
        # The last pooling leaves the size as it is: "same" adds a row below and a column on the
        # right, as Darknet does.
        x = L.MaxPooling2D(2, 1 if number == 6 else 2, padding="same", name=f"pool{number}")(x)
    # Here x is (N, 13, 13, 512).
    x = conv_bn_leaky(x, 1024, 3, name="conv7")  # (N, 13, 13, 1024)
    coarse = conv_bn_leaky(x, 256, 1, name="conv8")  # (N, 13, 13, 256)
    x = conv_bn_leaky(coarse, 512, 3, name="conv9")  # (N, 13, 13, 512)
    large = head(x, len(MASKS[0]), classes, name="conv10")  # (N, 13, 13, 3, 85)

    x = conv_bn_leaky(coarse, 128, 1, name="conv11")  # (N, 13, 13, 128)
    x = L.UpSampling2D(2, name="enlarged")(x)  # (N, 26, 26, 128)
    x = L.Concatenate(name="both")([x, fine])  # (N, 26, 26, 384)
    x = conv_bn_leaky(x, 256, 3, name="conv12")  # (N, 26, 26, 256)
    small = head(x, len(MASKS[1]), classes, name="conv13")  # (N, 26, 26, 3, 85)

    model = keras.Model(image, [large, small], name="yolov3_tiny")
    if weights is not None:
        load_darknet(model, fetch("yolov3-tiny") if weights == "coco" else weights)
    return model


def conv_bn_leaky(x: KerasTensor, filters: int, f: int, name: str) -> KerasTensor:
    """A convolution without bias, batch normalisation, and a leaky ReLU: 0.1 x below zero."""
    x = L.Conv2D(
        filters, f, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)
    x = L.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return L.LeakyReLU(negative_slope=0.1, name=f"{name}_leaky")(x)


def head(x: KerasTensor, anchors: int, classes: int, name: str) -> KerasTensor:
    """The answer of each cell: ``(N, rows, columns, C)`` → ``(…, anchors, 5 + classes)``."""
    x = L.Conv2D(anchors * (5 + classes), 1, name=name)(x)
    return L.Reshape((*x.shape[1:3], anchors, 5 + classes), name=f"{name}_y")(x)
