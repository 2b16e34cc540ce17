"""The interactive figures. The last expression of a cell shows one: ``ConvolutionStepper()``.

Each is imported when it is first asked for, because the widget library takes a moment to load.
"""

from cnnlab.lazy import attach

HOMES = {
    "ConvolutionStepper": "convolution_stepper",
    "PhotoEdges": "photo_edges",
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
    "TransposedConvolutionStepper": "transposed_convolution_stepper",
    "SegmentationExplorer": "segmentation_explorer",
    "UnetSizeExplorer": "unet_size_explorer",
    "TripletPlayground": "triplet_playground",
    "ThresholdExplorer": "threshold_explorer",
    "EmbeddingExplorer": "embedding_explorer",
    "GramExplorer": "gram_explorer",
    "StylePlayer": "style_player",
    "PatchExplorer": "patch_explorer",
    "Predict": "predict",
}
__all__ = list(HOMES)
__getattr__, __dir__ = attach(__name__, HOMES)
