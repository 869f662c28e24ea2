"""The surroundings of every test."""

import os

os.environ["AELIB_PROGRESS"] = "off"
