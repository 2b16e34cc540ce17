"""A class for every pixel: transposed convolution, U-Net, its losses, and how good it is.

Transposed convolution, metrics and tiles need NumPy only. The rest needs Keras, which takes seconds
to import, so every name is imported when it is first asked for.
"""

from cnnlab.lazy import attach

HOMES = {
    # masks
    "check_masks": "checks",
    # transposed convolution
    "convolution_matrix": "transposed",
    "sizes_before": "transposed",
    "transposed_conv2d": "transposed",
    "transposed_output_size": "transposed",
    # U-Net
    "UNETS": "network",
    "unet": "network",
    "Sizes": "sizes",
    "unet_sizes": "sizes",
    # losses
    "ce_dice_loss": "losses",
    "dice_loss": "losses",
    "focal_loss": "losses",
    "weighted_cross_entropy": "losses",
    "border_weights": "borders",
    # metrics
    "boundary_f1": "borders",
    "class_dice": "metrics",
    "class_iou": "metrics",
    "confusion": "metrics",
    # large images
    "predict_tiled": "tiles",
}
__all__ = list(HOMES)
__getattr__, __dir__ = attach(__name__, HOMES)
