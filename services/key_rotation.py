"""A new signing key: everything that is sealed goes over to it.

A deployment that names its key sets a new one and says which were before; a home makes its own. In
both cases the keys of before still open what they sealed, so that a rotation that breaks off, or a
row that another process writes meanwhile, loses nothing: it is run again.
"""

from dataclasses import dataclass

from services.deployment import DeploymentSettings, seals
from services.home import Home
from services.ledger.database import Database
from services.ledger.webhook_configs import WebhookConfigLedger
from services.seals import SealBrokenError


class HomeInUseError(Exception):
    """Processes run in the home that know its old key alone."""


@dataclass(frozen=True)
class Rotation:
    """What a rotation did."""

    is_new_key: bool
    """Whether the home got a key; a deployment's comes from its settings."""
    resealed: int
    broken: int
    """Receivers that no key opens; they stay as they are."""


async def rotate(settings: DeploymentSettings, database: Database) -> Rotation:
    """Give the home a new key, unless the settings name one, and seal every receiver under it.

    Raises:
        HomeInUseError: the home has its own key, and something runs in it.
    """
    if settings.signing_key:
        return await _reseal(settings, database, is_new_key=False)
    home = Home(settings.home)
    with home.lock() as is_free:
        if not is_free:
            raise HomeInUseError
        home.renew_signing_key()
        return await _reseal(settings, database, is_new_key=True)


async def _reseal(
    settings: DeploymentSettings, database: Database, *, is_new_key: bool
) -> Rotation:
    keys = seals(settings)

    def renewed(sealed: bytes) -> bytes | None:
        try:
            return keys.renewed(sealed)
        except SealBrokenError:
            return None

    return Rotation(is_new_key, *await WebhookConfigLedger(database).reseal(renewed))
