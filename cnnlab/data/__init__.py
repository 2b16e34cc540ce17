"""The course's images: bundled, drawn from a seed, or fetched when asked for by name.

Nothing here is downloaded unless the caller asks for a ``"full"`` set, or for ``voc2007``. Sources
and licences are in ``README.md`` beside this file.
"""

from cnnlab.data.faces import face_crops
from cnnlab.data.mnist import digits
from cnnlab.data.paintings import painting
from cnnlab.data.photos import photo
from cnnlab.data.pictures import read_picture, read_pictures
from cnnlab.data.scenes import SCENE_CLASSES, Scenes, scenes
from cnnlab.data.voc import VOC_CLASSES, voc2007

__all__ = [
    "SCENE_CLASSES",
    "VOC_CLASSES",
    "Scenes",
    "digits",
    "face_crops",
    "painting",
    "photo",
    "read_picture",
    "read_pictures",
    "scenes",
    "voc2007",
]
