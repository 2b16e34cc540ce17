"""What a student reads is English in the source; a catalogue of gettext turns it into others.

``locale/<language>/LC_MESSAGES/cnnlab.mo`` beside this file holds a language. ``CNNLAB_LANG``
chooses it, else the language of the system.
"""

import gettext
import os
from functools import lru_cache
from pathlib import Path

LOCALE = Path(__file__).with_name("locale")


@lru_cache
def catalogue(language: str | None) -> gettext.NullTranslations:
    languages = [language] if language else None
    return gettext.translation("cnnlab", LOCALE, languages, fallback=True)


def tr(text: str) -> str:
    """The text in the reader's language, or in English."""
    return catalogue(os.environ.get("CNNLAB_LANG")).gettext(text)
