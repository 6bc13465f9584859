"""No field of a model that takes numbers takes one that is not finite."""

import importlib
import math
import pkgutil
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from sheaf import contracts
from sheaf.config import Settings
from sheaf.contracts.temporal.payload import Payload
from sheaf.rules.parameters.finite_json import NotFiniteError, check_finite


def with_numbers() -> list[type[BaseModel]]:
    """Return each model that reads fractions, however deep in the type of a field.

    What only answers are made of is no `Payload`, and holds what was read by others.
    """
    found: dict[str, type[BaseModel]] = {"Settings": Settings}
    for module in pkgutil.walk_packages(contracts.__path__, "sheaf.contracts."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Payload):
                fields = value.model_fields.values()
                if any(_has_number(field.annotation) for field in fields):
                    found[f"{value.__module__}.{value.__name__}"] = value
    return [found[name] for name in sorted(found)]


def _has_number(annotation: Any) -> bool:
    return annotation is float or any(map(_has_number, get_args(annotation)))


def test_models_with_numbers_are_found() -> None:
    assert len(with_numbers()) > 10


@pytest.mark.parametrize("model", with_numbers(), ids=lambda model: model.__name__)
def test_a_model_with_numbers_takes_none_that_is_not_finite(model: type[BaseModel]) -> None:
    assert model.model_config.get("allow_inf_nan") is False


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    plain | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)
infinite = st.sampled_from([math.nan, math.inf, -math.inf])


@given(document=documents)
def test_finite_documents_pass(document: object) -> None:
    check_finite(document)


@given(before=documents, number=infinite, after=documents)
def test_the_place_of_a_number_is_told(before: object, number: float, after: object) -> None:
    with pytest.raises(NotFiniteError) as raised:
        check_finite({"a": [before, {"b": number}, after]})
    assert raised.value.place == ("a", 1, "b")
    with pytest.raises(NotFiniteError):
        check_finite(number)
