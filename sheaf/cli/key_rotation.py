"""A new signing key: everything that is sealed goes over to it.

A deployment that names its key sets a new one and says which were before; a home makes its own. In
both cases the keys of before still open what they sealed, so that a rotation that breaks off, or a
row that another process writes meanwhile, loses nothing: it is run again. Processes that run in a
home take its new key up by themselves; those of a deployment are started again.
"""

from dataclasses import dataclass, replace

from sheaf.composition import DeploymentSettings, seals
from sheaf.embedded.home import Home
from sheaf.ledger.database import Database
from sheaf.ledger.webhooks.configs import WebhookConfigLedger
from sheaf.webhooks.seals import SealBrokenError


@dataclass(frozen=True)
class Rotation:
    """What a rotation did."""

    is_new_key: bool
    """Whether the home got a key; a deployment's comes from its settings."""
    resealed: int
    broken: int
    """Receivers that no key opens; they stay as they are."""
    forgotten: int = 0
    """Keys of before that the home has dropped, as nothing is sealed or signed by them any more."""


class LinksStayError(Exception):
    """Links under a key that the settings name last as long as they name it."""


async def rotate(
    settings: DeploymentSettings, database: Database, *, ends_links: bool = False
) -> Rotation:
    """Give the home a new key, unless the settings name one, and seal every receiver under it.

    Args:
        settings: say which key there is.
        database: has what is sealed.
        ends_links: whether links that a home gave out end now; else they last as they say.

    Raises:
        LinksStayError: `ends_links`, and the settings name the key.
    """
    if settings.signing_key:
        if ends_links:
            raise LinksStayError
        return await _reseal(settings, database, is_new_key=False)
    keys = Home(settings.home).signing_keys()
    keys.renew(ends_links=ends_links)
    done = await _reseal(settings, database, is_new_key=True)
    # What a process has sealed under a key that ended a week ago was there to be sealed anew.
    return replace(done, forgotten=keys.forget_ended())


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
