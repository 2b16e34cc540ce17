"""The course's images: bundled, drawn from a seed, or fetched when asked for by name.

Nothing here is downloaded unless the caller asks for a ``"full"`` set, for ``voc2007``,
``oxford_pets`` or ``real_faces``. Sources and licences are in ``README.md`` beside this file.
"""

from cnnlab.data.brain import TISSUE_CLASSES, brain_mri
from cnnlab.data.crops import face_crops
from cnnlab.data.drawings import drawn_digits, drawn_images, drawn_others
from cnnlab.data.faces import FACE_GROUPS, Faces, faces
from cnnlab.data.mnist import digits
from cnnlab.data.paintings import painting
from cnnlab.data.pets import PET_CLASSES, oxford_pets
from cnnlab.data.photos import photo
from cnnlab.data.pictures import read_picture, read_pictures
from cnnlab.data.real_faces import real_faces
from cnnlab.data.scans import BRAIN_CLASSES, CHEST_CLASSES, Scans, brain_slices, chest_xrays
from cnnlab.data.scenes import SCENE_CLASSES, Scenes, scenes
from cnnlab.data.voc import VOC_CLASSES, voc2007

__all__ = [
    "BRAIN_CLASSES",
    "CHEST_CLASSES",
    "FACE_GROUPS",
    "PET_CLASSES",
    "SCENE_CLASSES",
    "TISSUE_CLASSES",
    "VOC_CLASSES",
    "Faces",
    "Scans",
    "Scenes",
    "brain_mri",
    "brain_slices",
    "chest_xrays",
    "digits",
    "drawn_digits",
    "drawn_images",
    "drawn_others",
    "face_crops",
    "faces",
    "oxford_pets",
    "painting",
    "photo",
    "read_picture",
    "read_pictures",
    "real_faces",
    "scenes",
    "voc2007",
]
