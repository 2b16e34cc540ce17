"""What a network sees in a picture, and painting with it.

Read ``costs`` first, then ``eye``, a network that only looks, then ``transfer``. All of it needs
Keras, which takes seconds to import, so every name is imported when it is first asked for.
"""

from cnnlab.lazy import attach

HOMES = {
    # costs
    "content_cost": "costs",
    "gram_matrix": "costs",
    "style_cost": "costs",
    "total_variation": "costs",
    # a network that looks
    "EYES": "eye",
    "Eye": "eye",
    # what excites a unit
    "Box": "receptive",
    "Patch": "patches",
    "Responses": "patches",
    "deconvolved": "maximize",
    "maximized": "maximize",
    "bundled_pictures": "patches",
    "first_filters": "patches",
    "receptive_box": "receptive",
    # why this answer
    "class_score": "attribution",
    "deletion_curve": "attribution",
    "grad_cam": "attribution",
    "occlusion_map": "attribution",
    "saliency": "attribution",
    "stretched": "attribution",
    "weighted_map": "attribution",
    # painting
    "Painting": "transfer",
    "style_transfer": "transfer",
}
__all__ = list(HOMES)
__getattr__, __dir__ = attach(__name__, HOMES)
