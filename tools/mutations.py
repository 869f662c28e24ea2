"""Small faults to plant in Python code: where each stands, and what stands there instead."""

import ast
import copy
from typing import NamedTuple

SWAPS = [
    *[(ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.LtE, ast.Lt), (ast.GtE, ast.Gt)],
    *[(ast.Eq, ast.NotEq), (ast.NotEq, ast.Eq), (ast.In, ast.NotIn), (ast.NotIn, ast.In)],
    *[(ast.Is, ast.IsNot), (ast.IsNot, ast.Is), (ast.Add, ast.Sub), (ast.Sub, ast.Add)],
    *[(ast.Mult, ast.Div), (ast.Div, ast.Mult), (ast.FloorDiv, ast.Mult), (ast.Mod, ast.Mult)],
    *[(ast.And, ast.Or), (ast.Or, ast.And), (ast.BitAnd, ast.BitOr), (ast.BitOr, ast.BitAnd)],
]
OPERATORS = dict(SWAPS)
#: Names that are taken for one another: splits, statistics, and what is at an end.
CONFUSED = {
    **{"test": "train", "train": "test", "full_test": "test", "validation": "test"},
    **{"mean": "median", "median": "mean", "argmax": "argmin", "min": "max", "max": "min"},
    **{"any": "all", "all": "any", "encoder": "decoder", "start": "end"},
}


#: What only looks are made of, and no test should hold still.
LOOKS = {
    *("figsize", "markersize", "fontsize", "linewidths", "lw", "alpha", "capsize", "height"),
    *("ha", "va", "loc", "rotation", "bbox_to_anchor", "bbox_inches", "textcoords", "aspect"),
}


class Mutant(NamedTuple):
    """A fault: `text` instead of what stands from `start` to `end` (offsets in bytes)."""

    path: str
    line: int
    start: int
    end: int
    before: str
    text: str

    @property
    def key(self):
        """What tells it from others, also after lines have moved."""
        return self.path, " ".join(self.before.split()), " ".join(self.text.split())

    def apply(self, source):
        """The source with this fault."""
        code = source.encode()
        return (code[: self.start] + self.text.encode() + code[self.end :]).decode()


def mutants(path, source):
    """All faults of a file, in the order in which they stand there."""
    tree = ast.parse(source)
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    skipped = {id(node) for part in ast.walk(tree) for node in _left_alone(part)}
    found = []
    for node in ast.walk(tree):
        if id(node) in skipped or not hasattr(node, "lineno"):
            continue
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        before = source.encode()[start:end].decode()
        for other in _variants(node):
            text = ast.unparse(ast.fix_missing_locations(other))
            if isinstance(node, ast.BinOp | ast.BoolOp | ast.Compare | ast.UnaryOp | ast.IfExp):
                text = f"({text})"
            elif "\n" in text:  # A statement that holds others keeps its place.
                text = text.replace("\n", "\n" + " " * node.col_offset)
            found.append(Mutant(path, node.lineno, start, end, before, text))
    return sorted(found, key=lambda one: (one.start, one.text))


def is_code(mutant, source):
    """Whether the source with the fault can be compiled, and to something else."""
    try:
        return ast.dump(ast.parse(mutant.apply(source))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


def _left_alone(node):
    """Parts that say nothing to a computer, or that another rule mutates."""
    body = getattr(node, "body", None)
    first = getattr(body[0], "value", None) if isinstance(body, list) and body else None
    if isinstance(first, ast.Constant) and isinstance(body[0], ast.Expr):
        yield from ast.walk(body[0])
    if isinstance(node, ast.keyword) and node.arg in LOOKS:
        yield from ast.walk(node.value)
    if isinstance(node, ast.JoinedStr):
        yield from (one for one in ast.walk(node) if one is not node)
    if isinstance(node, ast.Raise):  # What an error says is compared word by word in few tests.
        yield from (one for one in ast.walk(node) if one is not node)


def _variants(node):
    """The node with a fault, in each of the ways that there are for its kind."""

    def with_(**fields):
        other = copy.copy(node)
        for name, value in fields.items():
            setattr(other, name, value)
        return other

    operator = getattr(node, "op", None)
    if isinstance(operator, ast.Div) and "'" in ast.unparse(node):  # It joins a path.
        return
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(operator) in OPERATORS:
        yield with_(op=OPERATORS[type(operator)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        yield with_(ops=[OPERATORS[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.UnaryOp) and isinstance(operator, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield with_(value=not value)
        elif isinstance(value, int | float):
            yield with_(value=value + 1)
        elif isinstance(value, str) and value.isidentifier():  # A name, not a sentence.
            yield with_(value=CONFUSED.get(value, f"{value}x"))
    elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
        field = "attr" if isinstance(node, ast.Attribute) else "id"
        if getattr(node, field) in CONFUSED:
            yield with_(**{field: CONFUSED[getattr(node, field)]})
    elif isinstance(node, ast.IfExp):
        yield with_(body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.Return) and node.value:
        yield with_(value=None)
    elif isinstance(node, ast.Raise) or isinstance(getattr(node, "value", None), ast.Call):
        if isinstance(node, ast.Raise | ast.Expr):
            yield ast.Pass()
    elif isinstance(node, ast.Call):
        plain = [one for one in node.args if not isinstance(one, ast.Starred)]
        if len(plain) == len(node.args) >= 2:
            yield with_(args=[node.args[1], node.args[0], *node.args[2:]])
        for place, one in enumerate(node.keywords):
            if one.arg and one.arg not in LOOKS:
                yield with_(keywords=node.keywords[:place] + node.keywords[place + 1 :])
    elif (
        isinstance(node, ast.Tuple | ast.List) and node.elts[1:] and isinstance(node.ctx, ast.Load)
    ):
        yield with_(elts=node.elts[1:])
