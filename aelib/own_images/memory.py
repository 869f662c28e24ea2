"""Memory that has been freed, given back to the system."""

import ctypes
import os


def give_back():
    """Give the system what lies free between objects that stay.

    glibc keeps it, above all with the settings in the Makefile: of reading 60,000 images some 200
    MB are left so. Other C libraries have no such call, and nothing is done.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim:
        trim(0)
