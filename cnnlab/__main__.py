"""``python -m cnnlab`` is the command ``cnnlab``."""

import sys

from cnnlab.grading.gradebook.cli import main

sys.exit(main())
