"""The sentences of lessons that say something of a run, and in how many runs each of them held."""

import ast
import hashlib
import json

#: The MIME type under which a run of `make spread` shows which sentences held in it.
CLAIMS_MIME = "application/vnd.aelib.claims+json"


def conditions(root, lesson):
    """The sentences in a lesson's file of checks, each with a digest of the code of its condition.

    The file is read and not imported, which would take seconds.

    Returns:
        Two dicts, of what the lesson states as facts and of what it hedges.
    """
    path = root / "tests" / "lessons" / f"lesson_{lesson[:2]}.py"
    named = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            targets = getattr(node.targets[0], "elts", node.targets)
            named |= {target.id: node.value for target in targets}
        elif isinstance(node, ast.FunctionDef):
            named[node.name] = node

    def digest(condition):
        used = {one.id for one in ast.walk(condition) if isinstance(one, ast.Name)} & named.keys()
        code = "\n".join(ast.unparse(one) for one in (condition, *map(named.get, sorted(used))))
        return hashlib.sha256(code.encode()).hexdigest()[:12]

    return [
        {key.value: digest(value) for key, value in zip(one.keys, one.values, strict=True)}
        for one in (named["FACTS"], named["HEDGED"])
    ]


def claim_counts(root, source):
    """In how many runs on `source` each sentence held, and of how many.

    `aelib/results/claims.json` is `{source: {sentence: [held, runs]}}`; under "conditions" it has
    the digests of those that were counted.
    """
    path = root / "aelib" / "results" / "claims.json"
    return json.loads(path.read_text(encoding="utf-8")).get(source, {}) if path.is_file() else {}


def is_fact(held, runs):
    """Whether a sentence may stand as a fact: it held in 19 of 20 runs or more."""
    return runs > 0 and 20 * held >= 19 * runs
