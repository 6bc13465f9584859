"""Configurations by their id: those that a project saved, and the built-in ones."""

from typing import Any

from sheaf.contracts.http.classify_v2 import ClassifyConfiguration
from sheaf.contracts.http.configurations import PRESET_TIERS
from sheaf.contracts.http.parse_v2 import ParseConfiguration
from sheaf.ledger.database import Database
from sheaf.ledger.jobs.configurations import ConfigurationLedger, ConfigurationRow


class WrongProductError(Exception):
    """A configuration is of another product; the message names both."""


class Configurations:
    """Reads configurations for those who run them."""

    def __init__(self, database: Database) -> None:
        self._ledger = ConfigurationLedger(database)

    async def get(self, project_id: str, configuration_id: str) -> ConfigurationRow:
        """Return a saved or built-in configuration; NotFoundError when there is none."""
        tier = PRESET_TIERS.get(configuration_id)
        if tier is None:
            return await self._ledger.get(project_id, configuration_id)
        name = configuration_id.removeprefix("cfg-")
        parameters = {"product_type": "parse_v2", "tier": tier, "version": "latest"}
        return ConfigurationRow(
            configuration_id, project_id, name, "parse_v2", parameters, "latest", 0, 0
        )

    async def parse(self, project_id: str, configuration_id: str) -> ParseConfiguration:
        """Return a parse configuration.

        Raises:
            NotFoundError: there is no such configuration.
            WrongProductError: it is not one of how to parse.
        """
        row = await self.get(project_id, configuration_id)
        _check_product(row, "parse_v2")
        return ParseConfiguration.model_validate(_values(row))

    async def classify(self, project_id: str, configuration_id: str) -> ClassifyConfiguration:
        """Return a classify configuration; errors as of `parse`."""
        row = await self.get(project_id, configuration_id)
        _check_product(row, "classify_v2")
        return ClassifyConfiguration.model_validate(_values(row))


def _values(row: ConfigurationRow) -> dict[str, Any]:
    return {name: value for name, value in row.parameters.items() if name != "product_type"}


def _check_product(row: ConfigurationRow, product_type: str) -> None:
    if row.product_type != product_type:
        raise WrongProductError(
            f"configuration_id: {row.id} is a configuration of {row.product_type}; "
            f"one of {product_type} is needed"
        )
