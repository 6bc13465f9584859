"""Saved configurations: how documents are parsed or classified, under a name."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sheaf.contracts.http.classify_v2 import ClassifyConfiguration
from sheaf.contracts.http.parse_v2 import ParseConfiguration
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.texts import Key

ProductType = Literal["parse_v2", "classify_v2"]
AnyProductType = Literal[
    "classify_v2", "extract_v2", "parse_v2", "split_v1", "spreadsheet_v1", "unknown"
]
"""What lists can be filtered by; there are none of the other products."""

PRESET_PREFIX = "cfg-PARSE_"
PRESET_TIERS = {
    f"{PRESET_PREFIX}{tier.upper()}": tier
    for tier in ("fast", "cost_effective", "agentic", "agentic_plus")
}
"""Configurations that every project has: one a tier, with nothing else set."""


class ParseParameters(ParseConfiguration):
    """A parse configuration."""

    product_type: Literal["parse_v2"]


class ClassifyParameters(ClassifyConfiguration):
    """A classify configuration."""

    product_type: Literal["classify_v2"]


Parameters = Annotated[ParseParameters | ClassifyParameters, Field(discriminator="product_type")]


class ConfigurationCreate(RequestModel):
    """A configuration to be saved; one with the same name and product type is replaced."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "first pages",
                    "parameters": {
                        "product_type": "parse_v2",
                        "tier": "fast",
                        "version": "latest",
                        "page_ranges": {"max_pages": 3},
                    },
                }
            ]
        }
    )

    name: Key
    parameters: Parameters


class ConfigurationUpdate(RequestModel):
    """What changes about a saved configuration; the rest stays."""

    name: Key | None = None
    parameters: Parameters | None = None


class Configuration(BaseModel):
    """A saved configuration."""

    id: str
    name: str
    product_type: ProductType
    parameters: dict[str, Any]
    """As they were saved, without what was not set."""
    version: str
    """When it last changed."""
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
