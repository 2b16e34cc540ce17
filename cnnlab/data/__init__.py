"""The course's images: bundled, drawn from a seed, or fetched when asked for by name.

Nothing here is downloaded unless the caller asks for a ``"full"`` set, ``voc2007`` or
``oxford_pets``. Sources and licences are in ``README.md`` beside this file.
"""

from cnnlab.data.brain import TISSUE_CLASSES, brain_mri
from cnnlab.data.faces import face_crops
from cnnlab.data.mnist import digits
from cnnlab.data.pets import PET_CLASSES, oxford_pets
from cnnlab.data.photos import photo
from cnnlab.data.pictures import read_picture, read_pictures
from cnnlab.data.scans import BRAIN_CLASSES, CHEST_CLASSES, Scans, brain_slices, chest_xrays
from cnnlab.data.scenes import SCENE_CLASSES, Scenes, scenes
from cnnlab.data.voc import VOC_CLASSES, voc2007

__all__ = [
    "BRAIN_CLASSES",
    "CHEST_CLASSES",
    "PET_CLASSES",
    "SCENE_CLASSES",
    "TISSUE_CLASSES",
    "VOC_CLASSES",
    "Scans",
    "Scenes",
    "brain_mri",
    "brain_slices",
    "chest_xrays",
    "digits",
    "face_crops",
    "oxford_pets",
    "photo",
    "read_picture",
    "read_pictures",
    "scenes",
    "voc2007",
]
