"""What the code of the lessons does is what their stored numbers and the README are about."""

import ast
import json

from aelib.results import results_folder
from tools.lessons import ROOT, claim_conditions, find_lessons
from tools.readme import RESULTS

CODE = {
    name: path.read_text(encoding="utf-8")
    for name, path in find_lessons(ROOT / "notebooks", ".py").items()
}


def calls(code, function):
    """The calls of a function in code, as code."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [ast.unparse(node) for node in nodes if getattr(node.func, "id", None) == function]


def test_claims_are_those_that_were_counted():
    """With another bound, the count beside a claim would be that of another claim."""
    counts = json.loads((results_folder() / "claims.json").read_text(encoding="utf-8"))
    conditions = {k: v for code in CODE.values() for k, v in claim_conditions(code).items()}
    changed = [one for one in conditions if counts["conditions"].get(one) != conditions[one]]
    assert changed == [], "run make spread"
    assert set(counts["conditions"]) == set(conditions) == set(counts["MNIST"])


def test_a_simple_method_is_the_same_wherever_it_stands():
    """And the one that the README names: its table has what lesson 1 and lesson 3 measure."""
    made = {
        function: [call for code in CODE.values() for call in calls(code, function)]
        for function in ("KNeighborsClassifier", "LogisticRegression", "PCA")
    }
    assert {name: len(found) for name, found in made.items()} == dict.fromkeys(made, 2)
    assert all(len(set(found)) == 1 for found in made.values()), made
    labels = " ".join(label for label, *_ in RESULTS)
    assert made["KNeighborsClassifier"][0] == "KNeighborsClassifier(n_neighbors=3)"
    assert made["PCA"][0] == "PCA(n_components=48, random_state=0)"
    assert "3 nearest neighbours" in labels and "PCA-48" in labels


def test_each_lesson_reports_its_numbers():
    assert {name: len(calls(code, "report")) for name, code in CODE.items()} == dict.fromkeys(
        CODE, 1
    )
