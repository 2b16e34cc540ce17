"""``python -m cnnlab`` is the command ``cnnlab``."""

import sys

from cnnlab.grading.cli import main

sys.exit(main())
