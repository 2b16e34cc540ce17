"""The networks of the lecture, built with Keras and nothing else.

Read them in this order: ``lenet``, ``alexnet``, ``vgg``, ``resnet``, ``googlenet``, ``mobilenet``,
``efficientnet``. Each file is one network; its family is a table, its blocks are functions. Then
``table`` for what a network costs and sees, ``weights`` for trained ones, and ``classify``.
"""

from cnnlab.architectures.alexnet import LocalResponseNormalization, alexnet
from cnnlab.architectures.classify import Guess, class_names, classify, prepared
from cnnlab.architectures.efficientnet import efficientnet, mbconv, squeeze_excite
from cnnlab.architectures.googlenet import Module, googlenet, inception, naive_inception
from cnnlab.architectures.lenet import lecture_convnet, lenet5, lenet5_1998
from cnnlab.architectures.mobilenet import (
    depthwise_separable,
    inverted_residual,
    mobilenet_v1,
    mobilenet_v2,
)
from cnnlab.architectures.resnet import (
    basic_block,
    bottleneck_block,
    pad_shortcut,
    projection_shortcut,
    resnet,
    resnet_cifar,
)
from cnnlab.architectures.table import LayerTable, layer_table
from cnnlab.architectures.vgg import vgg
from cnnlab.architectures.weights import copy_weights

__all__ = [
    "Guess",
    "LayerTable",
    "LocalResponseNormalization",
    "Module",
    "alexnet",
    "basic_block",
    "bottleneck_block",
    "class_names",
    "classify",
    "copy_weights",
    "depthwise_separable",
    "efficientnet",
    "googlenet",
    "inception",
    "inverted_residual",
    "layer_table",
    "lecture_convnet",
    "lenet5",
    "lenet5_1998",
    "mbconv",
    "mobilenet_v1",
    "mobilenet_v2",
    "naive_inception",
    "pad_shortcut",
    "prepared",
    "projection_shortcut",
    "resnet",
    "resnet_cifar",
    "squeeze_excite",
    "vgg",
]
