"""The Spanish names of ImageNet's classes: all there, in order, each its own."""

from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPANISH = (ROOT / "book/_live/classes.es.txt").read_text("utf-8").splitlines()
ENGLISH = (ROOT / "cnnlab/architectures/data/imagenet_classes.txt").read_text("utf-8").splitlines()
# Spanish says the same word, but for its capitals.
SAME = {
    *("bulbul", "agama", "koala", "coyote", "dingo", "jaguar", "impala", "llama", "armadillo"),
    *("siamang", "langur", "indri"),
    # breeds
    *("chihuahua", "beagle", "whippet", "border terrier", "golden retriever", "kuvasz"),
    *("schipperke", "komondor", "collie", "border collie", "rottweiler", "affenpinscher"),
    "basenji",
    # things
    *("abaya", "altar", "banjo", "bikini", "gong", "ipod", "kimono", "maraca", "marimba"),
    *("monitor", "oboe", "ocarina", "patio", "pedestal", "perfume", "poncho", "radio", "rifle"),
    *("sarong", "tractor", "wok"),
    # food
    *("guacamole", "bagel", "pretzel", "pizza", "burrito"),
}
# Names that nobody would give to a neighbour in the list.
ANCHORS = {
    0: ("tench", "tenca"),
    1: ("goldfish", "pez dorado"),
    7: ("cock", "gallo"),
    22: ("bald eagle", "águila calva"),
    33: ("loggerhead", "tortuga boba"),
    48: ("Komodo dragon", "dragón de Komodo"),
    65: ("sea snake", "serpiente marina"),
    75: ("black widow", "viuda negra"),
    84: ("peacock", "pavo real"),
    94: ("hummingbird", "colibrí"),
    103: ("platypus", "ornitorrinco"),
    107: ("jellyfish", "medusa"),
    126: ("isopod", "isópodo"),
    130: ("flamingo", "flamenco"),
    134: ("crane bird", "grulla"),
    148: ("killer whale", "orca"),
    163: ("bloodhound", "sabueso de San Huberto"),
    187: ("Yorkshire terrier", "yorkshire"),
    208: ("Labrador retriever", "labrador"),
    235: ("German shepherd", "pastor alemán"),
    251: ("dalmatian", "dálmata"),
    268: ("Mexican hairless", "xoloitzcuintle"),
    281: ("tabby", "gato atigrado"),
    284: ("Siamese cat", "gato siamés"),
    296: ("ice bear", "oso polar"),
    309: ("bee", "abeja"),
    330: ("wood rabbit", "conejo de cola de algodón"),
    340: ("zebra", "cebra"),
    365: ("orangutan", "orangután"),
    388: ("giant panda", "panda gigante"),
    398: ("abacus", "ábaco"),
    419: ("Band Aid", "tirita"),
    433: ("bathing cap", "gorro de baño"),
    454: ("bookshop", "librería"),
    476: ("carousel", "tiovivo"),
    504: ("coffee mug", "taza de café"),
    517: ("crane", "grúa"),
    540: ("drilling platform", "plataforma petrolífera"),
    574: ("golf ball", "pelota de golf"),
    604: ("hourglass", "reloj de arena"),
    624: ("library", "biblioteca"),
    639: ("maillot tank suit", "bañador de una pieza"),
    657: ("missile", "misil"),
    676: ("muzzle", "bozal"),
    701: ("parachute", "paracaídas"),
    719: ("piggy bank", "hucha"),
    744: ("projectile", "proyectil"),
    779: ("school bus", "autobús escolar"),
    812: ("space shuttle", "transbordador espacial"),
    850: ("teddy", "oso de peluche"),
    879: ("umbrella", "paraguas"),
    899: ("water jug", "jarra de agua"),
    920: ("traffic light", "semáforo"),
    950: ("orange", "naranja"),
    967: ("espresso", "café expreso"),
    980: ("volcano", "volcán"),
    985: ("daisy", "margarita"),
    997: ("bolete", "boleto"),
    999: ("toilet tissue", "papel higiénico"),
}


def test_each_class_has_a_spanish_name_of_its_own():
    assert len(SPANISH) == len(ENGLISH) == 1000
    assert all(name and name == " ".join(name.split()) for name in SPANISH)
    assert len({name.casefold() for name in SPANISH}) == 1000


def test_a_name_is_the_english_one_only_where_spanish_has_this_word():
    pairs = zip(SPANISH, ENGLISH, strict=True)
    same = {name.casefold() for name, english in pairs if name.casefold() == english.casefold()}
    assert same == SAME
    # Nor is it the English name of another class.
    others = {name.casefold() for name in ENGLISH}
    assert others & {name.casefold() for name in SPANISH} == SAME


def test_the_names_are_in_the_order_of_the_classes():
    for number, (english, spanish) in ANCHORS.items():
        assert (number, ENGLISH[number], SPANISH[number]) == (number, english, spanish)
    gaps = sorted({0, 1000, *ANCHORS})
    assert max(b - a for a, b in pairwise(gaps)) < 40  # over the whole range
