"""From scores of rules to a decision with a probability.

Class 0 is "no rule matches". With several rules, the features are z, the top rule's score in
standard deviations above the background's scores for the same document, and the margin to the
runner-up; the classes: no rule, the top rule, another rule. With one rule the feature is z alone.

Only relative features, because absolute scores do not carry over to documents of another subject.
Measured leave-one-task-out (bench/fit_classifier.py, 2026-11-24): with the score beside z, one
rule was decided rightly in 0.67 of the cases at a log loss of 0.84; with z alone, 0.81 at 0.54.
For six or seven rules, margin and lead over the others' mean (the survey's pair) decided 0.775
rightly at 0.62, z and margin 0.788 at 0.57.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

Table = tuple[tuple[float, ...], ...]
"""A softmax: for each class but class 0, whose logit is 0, its intercept and feature weights."""


class Calibration(NamedTuple):
    """The coefficients of the three questions."""

    one: Table
    two: Table
    many: Table


class Verdict(NamedTuple):
    """Whether the top rule is answered, and how sure that answer is."""

    is_match: bool
    probability: float
    """Of the answer given: that the top rule is right, or that none matches."""


FITTED = Calibration(
    one=((-1.89, 0.889),),
    two=((-1.49, 0.715, 1.318), (-2.491, 0.574, -7.46)),
    many=((-2.598, 1.268, 5.165), (-1.899, 1.008, -7.36)),
)
"""Printed by `python -m bench.fit_classifier` on 2026-11-24, for wordllama 0.4.0.post1.

Fitted on all 510 documents of tasks A1 (business papers, 7 rules) and A3 (forum posts, 6 rules),
of which 0.23 match no rule; `many` takes that share for granted, `two` was fitted to 1/3 and `one`
to 1/2. The English of both tasks is the only language seen.
"""


def features(scores: Sequence[float], z: float) -> tuple[float, ...]:
    """Return what the calibration looks at.

    Args:
        scores: of every rule, best first, at least one.
        z: the top rule's score in standard deviations above the background's mean.
    """
    top, others = scores[0], scores[1:]
    if not others:
        return (z,)
    return (z, top - others[0])


def table_for(calibration: Calibration, rule_count: int) -> Table:
    """Return the coefficients for a number of rules."""
    if rule_count == 1:
        return calibration.one
    return calibration.two if rule_count == 2 else calibration.many


def probabilities(values: Sequence[float], table: Table) -> tuple[float, ...]:
    """Return the probability of each class; they add up to 1."""
    logits = [0.0]
    for intercept, *weights in table:
        products = (weight * value for weight, value in zip(weights, values, strict=True))
        logits.append(intercept + math.fsum(products))
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    total = math.fsum(powers)
    return tuple(power / total for power in powers)


def decide(scores: Sequence[float], z: float, calibration: Calibration = FITTED) -> Verdict:
    """Answer the top rule when it is at least as probable as that no rule matches."""
    none, top, *_ = probabilities(features(scores, z), table_for(calibration, len(scores)))
    return Verdict(is_match=top >= none, probability=max(top, none))
