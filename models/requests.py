"""The base of what clients send.

The official SDKs write an explicit null for an argument that the caller passed as None, so a null
means the same as leaving the field out. Fields of this version's models that a client does not
know, and fields that this version does not know, are both ignored.
"""

from collections.abc import Mapping

from pydantic import model_validator

from models.payload import Payload


class RequestModel(Payload):
    """A payload whose null fields take their defaults, also where the type has no null."""

    @model_validator(mode="before")
    @classmethod
    def _treat_null_as_absent(cls, data: object) -> object:
        if isinstance(data, Mapping):
            return {name: value for name, value in data.items() if value is not None}
        return data
