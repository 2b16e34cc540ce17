"""The course's images: bundled, drawn from a seed, or fetched when asked for by name.

Nothing here is downloaded unless the caller asks for a ``"full"`` set, for ``voc2007`` or for
``real_faces``. Sources and licences are in ``README.md`` beside this file.
"""

from cnnlab.data.crops import face_crops
from cnnlab.data.faces import FACE_GROUPS, Faces, faces
from cnnlab.data.mnist import digits
from cnnlab.data.photos import photo
from cnnlab.data.pictures import read_picture, read_pictures
from cnnlab.data.real_faces import real_faces
from cnnlab.data.scenes import SCENE_CLASSES, Scenes, scenes
from cnnlab.data.voc import VOC_CLASSES, voc2007

__all__ = [
    "FACE_GROUPS",
    "SCENE_CLASSES",
    "VOC_CLASSES",
    "Faces",
    "Scenes",
    "digits",
    "face_crops",
    "faces",
    "photo",
    "read_picture",
    "read_pictures",
    "real_faces",
    "scenes",
    "voc2007",
]
