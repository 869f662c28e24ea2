"""What runs, checks, refreshes and generates the lessons; `make` names each habit."""

import sys

# What reads notebooks loads jsonschema, and that, where it finds this package, spends more than
# half of the start of a tool on a grammar of web addresses, by which nothing here is checked.
sys.modules.setdefault("rfc3987_syntax", None)
