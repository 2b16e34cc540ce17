"""From one box to a detector: localization, sliding windows, non-max suppression, YOLO.

Boxes, non-max suppression, metrics and anchors need NumPy only. The rest needs Keras, which takes
seconds to import, so every name is imported when it is first asked for.
"""

# Not when first asked for: its module has the same name, and would stand here in its place.
from cnnlab.detection.nms import nms as nms
from cnnlab.lazy import attach

HOMES = {
    # boxes
    "area": "boxes",
    "clip": "boxes",
    "convert": "boxes",
    "giou": "boxes",
    "iou": "boxes",
    "to_absolute": "boxes",
    "to_relative": "boxes",
    # non-max suppression
    "nms": "nms",
    "soft_nms": "nms",
    # metrics
    "COCO_IOUS": "metrics",
    "average_precision": "metrics",
    "evaluate": "metrics",
    "match": "metrics",
    "precision_recall": "metrics",
    # localization
    "Votes": "localization",
    "localization_loss": "localization",
    "localized": "localization",
    "localizer": "localization",
    "target": "localization",
    "voting_localizer": "localization",
    # sliding windows
    "convolutional": "sliding",
    "crops": "sliding",
    "dense_map": "sliding",
    "shared_work": "sliding",
    "window_classifier": "sliding",
    "window_step": "sliding",
    # anchors
    "assign": "anchors",
    "kmeans_anchors": "anchors",
    "mean_iou": "anchors",
    "shape_iou": "anchors",
    # YOLO
    "Batches": "yolo",
    "Found": "yolo",
    "box_loss": "yolo",
    "class_loss": "yolo",
    "decode": "yolo",
    "detect": "yolo",
    "detections": "yolo",
    "encode": "yolo",
    "object_loss": "yolo",
    "predicted": "yolo",
    "small_yolo": "yolo",
    "targets": "yolo",
    "yolo_loss": "yolo",
    # YOLOv3-tiny
    "COCO_CLASSES": "darknet",
    "decode_heads": "darknet_photo",
    "detect_photo": "darknet_photo",
    "letterbox": "darknet_photo",
    "load_darknet": "darknet_file",
    "save_darknet": "darknet_file",
    "yolov3_tiny": "darknet",
}
__all__ = list(HOMES)
__getattr__, __dir__ = attach(__name__, HOMES)
