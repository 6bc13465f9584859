"""Fit the coefficients of `sheaf/engines/classification/calibration.py` to labelled documents.

    python -m bench.fit_classifier --data DIRECTORY

The directory holds `docs.jsonl` (id, text), `labels.jsonl` (id, task, label or null) and
`rules.json` (task to rules). A task's rules all stand for `many`; for `one` and `two` each document
is shown with some of them: with its own rule, and without it, so that nothing is the right answer.
Those two are weighted so that "no rule" is 1/2 and 1/3 of the cases, as nobody knows better;
`many` keeps the share that the data has. What is printed first was fitted without the task that
it is measured on; the coefficients at the end are fitted on all tasks.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sheaf.contracts.documents import ClassifierRule
from sheaf.engines.classification.calibration import (
    Calibration,
    Table,
    features,
    probabilities,
)
from sheaf.engines.classification.engine import examine

RIDGE = 1.0
"""Penalty on the squared weights of standardised features, beside a sum over hundreds of cases:
enough to keep weights finite when a task separates cleanly, too little to shift a fit."""
NEWTON_STEPS = 50
"""Far more than a convex problem of nine coefficients needs; about eight are used."""
SEED = 20261124

Rules = tuple[ClassifierRule, ...]
Matrix = npt.NDArray[np.float64]


class Document(NamedTuple):
    """A labelled document."""

    id: str
    task: str
    text: str
    label: str | None


class Case(NamedTuple):
    """What a calibration is fitted to: one document before some rules."""

    document: Document
    best: str
    values: tuple[float, ...]
    outcome: int
    """0: no rule was right, 1: the best rule was, 2: another was."""


def load(data: Path) -> tuple[list[Document], dict[str, Rules]]:
    """Read documents in the order of their file, and the rules of each task."""
    labels = {row["id"]: row for row in _rows(data / "labels.jsonl")}
    documents = [
        Document(row["id"], labels[row["id"]]["task"], row["text"], labels[row["id"]]["label"])
        for row in _rows(data / "docs.jsonl")
    ]
    rules = json.loads((data / "rules.json").read_text())
    return documents, {
        task: tuple(ClassifierRule.model_validate(row) for row in rows)
        for task, rows in rules.items()
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open() as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def case_of(document: Document, rules: Rules) -> Case | None:
    """Let our engine look at a document; None when there is nothing to read."""
    evidence = examine(document.text, rules)
    if evidence is None:
        return None
    scores = [rule.score for rule in evidence.ranking]
    best = evidence.best_rule
    outcome = outcome_of(document, rules, best)
    return Case(document, best, features(scores, evidence.z), outcome)


def outcome_of(document: Document, rules: Rules, best: str) -> int:
    """Return what the best rule turned out to be, as `Case.outcome`."""
    if document.label not in {rule.type for rule in rules}:
        return 0
    return 1 if best == document.label else 2


def few_rule_cases(
    documents: Sequence[Document], rules: dict[str, Rules], count: int
) -> list[Case]:
    """Show each document with `count` rules drawn at random: with its own, and without it."""
    draw = random.Random(SEED)
    cases: list[Case | None] = []
    for document in documents:
        own = [rule for rule in rules[document.task] if rule.type == document.label]
        others = [rule for rule in rules[document.task] if rule.type != document.label]
        cases.append(case_of(document, tuple(draw.sample(others, count))))
        if own:
            shown = own + draw.sample(others, count - 1)
            draw.shuffle(shown)
            cases.append(case_of(document, tuple(shown)))
    return [case for case in cases if case]


def fit(cases: Sequence[Case], null_share: float | None = None) -> Table:
    """Fit a softmax to cases, by Newton's method on standardised features.

    Args:
        cases: of at least two outcomes.
        null_share: when given, cases are weighted so that this part of them has outcome 0.
    """
    values = np.array([case.values for case in cases])
    outcomes = np.array([case.outcome for case in cases])
    weights = np.ones(len(cases))
    if null_share is not None:
        nulls = float((outcomes == 0).mean())
        parts = null_share / nulls, (1 - null_share) / (1 - nulls)
        weights = np.where(outcomes == 0, parts[0], parts[1])
    mean, spread = values.mean(axis=0), values.std(axis=0)
    design = np.column_stack([np.ones(len(cases)), (values - mean) / spread])
    coefficients = _newton(design, np.eye(outcomes.max() + 1)[outcomes][:, 1:], weights)
    slopes = coefficients[:, 1:] / spread
    intercepts = coefficients[:, 0] - slopes @ mean
    rows = np.column_stack([intercepts, slopes]).tolist()
    return tuple(tuple(round(value, 3) for value in row) for row in rows)


def _newton(design: Matrix, targets: Matrix, weights: Matrix) -> Matrix:
    """Return the penalised maximum-likelihood coefficients, a row for each class but class 0."""
    classes, width = targets.shape[1], design.shape[1]
    penalty = np.diag(([0.0] + [RIDGE] * (width - 1)) * classes)
    solution = np.zeros(classes * width)
    for _ in range(NEWTON_STEPS):
        powers = np.exp(design @ solution.reshape(classes, width).T)
        chances = powers / (1 + powers.sum(axis=1, keepdims=True))
        error = (chances - targets) * weights[:, None]
        gradient = (error.T @ design).ravel() + penalty @ solution
        hessian = np.zeros((classes * width, classes * width)) + penalty
        for one in range(classes):
            for two in range(classes):
                both = weights * chances[:, one] * ((one == two) - chances[:, two])
                block = (design * both[:, None]).T @ design
                rows, columns = slice(one * width, one * width + width), two * width
                hessian[rows, columns : columns + width] += block
        step = np.linalg.solve(hessian, gradient)
        solution -= step
        if np.abs(step).max() < 1e-9:
            break
    return solution.reshape(classes, width)


def held_out(
    cases: Sequence[Case], null_share: float | None = None
) -> Iterator[tuple[Case, Table]]:
    """Pair every case with the table fitted to the cases of all other tasks, in their order."""
    tasks = sorted({case.document.task for case in cases})
    if len(tasks) < 2:
        raise SystemExit("leave-one-task-out needs at least two tasks")
    tables = {
        task: fit([case for case in cases if case.document.task != task], null_share)
        for task in tasks
    }
    return ((case, tables[case.document.task]) for case in cases)


def _report(name: str, pairs: Sequence[tuple[Case, Table]]) -> None:
    """Print how often the decision was right, by task, and the mean logarithmic loss."""
    for task in [*sorted({case.document.task for case, _ in pairs}), None]:
        chosen = [pair for pair in pairs if task is None or pair[0].document.task == task]
        rights, losses = [], []
        for case, table in chosen:
            none, top, *rest = probabilities(case.values, table)
            rights.append(case.outcome == (1 if top >= none else 0))
            losses.append(-np.log((none, top, *rest)[case.outcome]))
        figures = f"accuracy {np.mean(rights):.3f}  log loss {np.mean(losses):.3f}"
        print(f"{name:5} without {task or 'each task':12} n={len(chosen):4}  {figures}")


def main() -> None:
    """Print the leave-one-task-out scores and the coefficients to keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    documents, rules = load(parser.parse_args().data)
    many = [case for case in (case_of(row, rules[row.task]) for row in documents) if case]
    sets: dict[str, tuple[list[Case], float | None]] = {
        "one": (few_rule_cases(documents, rules, 1), 1 / 2),
        "two": (few_rule_cases(documents, rules, 2), 1 / 3),
        "many": (many, None),
    }
    for name, (cases, share) in sets.items():
        _report(name, list(held_out(cases, share)))
    print(Calibration(**{name: fit(cases, share) for name, (cases, share) in sets.items()}))


if __name__ == "__main__":
    main()
