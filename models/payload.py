"""The base of every model that leaves this process.

Payloads are written to Event History, to the ledger or to a pipe as JSON, and may be read again
by newer code for as long as they are retained. Hence: models are frozen, a new field always has
a default, and a model carries references to documents, never their bytes.
"""

from pydantic import BaseModel, ConfigDict


class Payload(BaseModel):
    """A frozen JSON value; unknown fields of newer writers are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
