"""The classify configuration of the batch contract.

The contract reuses the shape of a classify *job* as configuration, so clients have to send an id,
an owner and a status that mean nothing yet. They are accepted, and overwritten when the job is
created (`ClassifyJob.stamped`).
"""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator

from sheaf.contracts.documents import ClassifierRule
from sheaf.contracts.http.languages import ParserLanguages
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.webhooks import MAX_RECEIVERS, WebhookConfiguration
from sheaf.contracts.temporal.payload import Payload

RuleType = Annotated[
    str, StringConstraints(min_length=1, max_length=50, pattern="^[A-Za-z0-9 _-]+$")
]
RuleDescription = Annotated[str, StringConstraints(min_length=10, max_length=2000)]
"""What documents of the type look like; 2,000 characters since 2026-07-09, 500 before."""


class ClassifyMode(StrEnum):
    """How a document is looked at."""

    FAST = "FAST"
    """By its text."""
    MULTIMODAL = "MULTIMODAL"
    """By pictures of its pages too, which this version does not do."""


class ClassifyStatus(StrEnum):
    """State of the classify job of one file."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    PARTIAL_SUCCESS = "PARTIAL_SUCCESS"
    CANCELLED = "CANCELLED"


class ClassifyRule(RequestModel):
    """One class a document may fall into, within the contract's limits."""

    type: RuleType
    description: RuleDescription

    def to_engine(self) -> ClassifierRule:
        """The same rule as an engine takes it."""
        return ClassifierRule(type=self.type, description=self.description)


def check_types_unique(rules: tuple[ClassifyRule, ...]) -> tuple[ClassifyRule, ...]:
    """Return rules that have a type each; ValueError where one is named twice."""
    counts = Counter(rule.type for rule in rules)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise ValueError(
            f"rules name a type more than once: {', '.join(repeated[:5])}. "
            "Give each rule a type of its own, or join their descriptions."
        )
    return rules


class ClassifyParsingConfiguration(Payload):
    """How much of a document is read to classify it."""

    lang: ParserLanguages = ParserLanguages.EN
    max_pages: Annotated[int, Field(ge=1)] | None = 5
    """Unlike other fields, an explicit null counts: it sets no limit."""
    target_pages: (
        Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=100_000)]
        | None
    ) = None
    """0-based numbers of the pages to read; None reads from the first."""

    @field_validator("lang", mode="before")
    @classmethod
    def _treat_null_as_default(cls, lang: object) -> object:
        return ParserLanguages.EN if lang is None else lang


class ClassifyJob(RequestModel):
    """How every file of a classify job is classified."""

    id: str | None = None
    project_id: str | None = None
    user_id: str | None = None
    status: ClassifyStatus = ClassifyStatus.PENDING
    rules: Annotated[tuple[ClassifyRule, ...], Field(min_length=1)]
    mode: ClassifyMode = ClassifyMode.FAST
    parsing_configuration: ClassifyParsingConfiguration = ClassifyParsingConfiguration()
    webhook_configurations: (
        Annotated[tuple[WebhookConfiguration, ...], Field(max_length=MAX_RECEIVERS)] | None
    ) = None
    """Ours: the contract's classify batches have no webhooks."""

    _types_are_unique = field_validator("rules")(check_types_unique)

    def stamped(self, id: str, project_id: str, user_id: str) -> Self:
        """A copy owned by this service, with all that SDKs need to read it as a ClassifyJob."""
        return self.changed(
            id=id, project_id=project_id, user_id=user_id, status=ClassifyStatus.PENDING
        )

    def engine_rules(self) -> tuple[ClassifierRule, ...]:
        """The rules as an engine takes them, in the caller's order."""
        return tuple(rule.to_engine() for rule in self.rules)
