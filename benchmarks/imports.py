"""Import what the command line names, and nothing else: to see how long that takes.

python -m benchmarks.imports [MODULE ...]
"""

import importlib
import sys

if __name__ == "__main__":
    for name in sys.argv[1:]:
        importlib.import_module(name)
