"""The base of every model that leaves this process.

Payloads are written to Event History, to the ledger or to a pipe as JSON, and may be read again
by newer code for as long as they are retained. Hence: models are frozen, a new field always has
a default, and a model carries references to documents, never their bytes. A field that is
called otherwise in code keeps its name on the wire by an `alias`, for recorded histories have it.
"""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """A frozen JSON value; unknown fields of newer writers are ignored."""

    model_config = ConfigDict(
        allow_inf_nan=False,
        extra="ignore",
        frozen=True,
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    def changed(self, **values: Any) -> Self:
        """Return a copy with other values, checked as those of a new one are.

        Raises:
            ValidationError: a value is not of its field's type, or out of its bounds.
            TypeError: there is no such field.
        """
        if unknown := values.keys() - type(self).model_fields.keys():
            raise TypeError(f"{type(self).__name__} has no fields {sorted(unknown)}")
        return type(self).model_validate(dict(self) | values)
