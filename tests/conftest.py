"""The surroundings of every test."""

import os
import signal

os.environ["AELIB_PROGRESS"] = "off"
# A shell starts its background jobs with interrupts ignored, and their children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
