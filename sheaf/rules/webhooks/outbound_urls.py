"""Which URLs of callers are followed, as far as the URL itself tells.

Hosts are names of the DNS or canonical IP addresses. The other spellings of an address that
resolvers accept (decimal, octal, hexadecimal, short) are refused, and so is whatever two parsers
may read in two ways.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from sheaf.rules.webhooks.addresses import LOOPBACK, Address, Network, is_denied, parse_network

MAX_URL = 2000
_PORTS = {"https": 443, "http": 80}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_DENIED = "leads to an address that this server does not connect to"
_METADATA_NAMES = {"metadata", "metadata.google.internal", "instance-data"}


class RefusedUrlError(ValueError):
    """A URL is not followed; the message says why and never repeats the URL."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads, by its text."""

    scheme: str
    host: str
    port: int

    @property
    def literal(self) -> Address | None:
        """The address, where the host is one."""
        return _address(self.host)


@dataclass(frozen=True)
class Exemption:
    """A host, or a network, that the operator admits, on one port or on all."""

    host: str | None
    network: Network | None
    port: int | None


@dataclass(frozen=True)
class OutboundPolicy:
    """What the operator has decided about URLs that callers give.

    Everything but `https` on one of `ports` of a public address needs an exemption.
    """

    ports: frozenset[int] = frozenset({443})
    exemptions: tuple[Exemption, ...] = ()
    allows_loopback: bool = False
    """Local mode: receivers on this machine, over http or https, on any port."""

    def exempts_host(self, found: Target) -> bool:
        """Whether the operator named the target's host, wherever it leads."""
        return any(
            one.host == found.host and one.port in {None, found.port} for one in self.exemptions
        )

    def exempts(self, found: Target, address: Address) -> bool:
        """Whether the operator admits this address for the target."""
        mapped = getattr(address, "ipv4_mapped", None) or address
        networks = [
            one.network
            for one in self.exemptions
            if one.network is not None and one.port in {None, found.port}
        ]
        if self.allows_loopback:
            networks.extend(LOOPBACK)
        return self.exempts_host(found) or any(mapped in network for network in networks)

    @property
    def is_by_name(self) -> bool:
        """Whether a name alone tells if plain http is admitted: no network is exempt."""
        return not self.allows_loopback and all(one.network is None for one in self.exemptions)


def check_text(url: str) -> None:
    """Refuse what may be read in two ways with a RefusedUrlError, before any parsing."""
    if len(url) > MAX_URL:
        raise RefusedUrlError(f"is longer than {MAX_URL} characters")
    if not url.isascii() or _UNSAFE.search(url):
        raise RefusedUrlError("has characters that a URL cannot have; write them percent-encoded")


def target(scheme: str, userinfo: str, host: str, port: int | None) -> Target:
    """Return where the parts of a parsed URL lead.

    Raises:
        RefusedUrlError: it is no plain http or https URL of a host.
    """
    scheme = scheme.lower()
    if scheme not in _PORTS:
        raise RefusedUrlError("is neither http nor https")
    if userinfo:
        raise RefusedUrlError("has a user name or password; use webhook_headers")
    if port == 0:
        raise RefusedUrlError("has port 0")
    return Target(scheme, _checked_host(host.lower()), port or _PORTS[scheme])


def check_target(found: Target, policy: OutboundPolicy) -> None:
    """Refuse a target by its text with a RefusedUrlError, before its name is looked up."""
    if policy.exempts_host(found):
        return
    if found.literal is not None:
        check_address(found, found.literal, policy)
        return
    if found.host.rstrip(".") in _METADATA_NAMES:
        raise RefusedUrlError(_DENIED)
    if policy.is_by_name:
        _check_public(found, policy)


def check_address(found: Target, address: Address, policy: OutboundPolicy) -> None:
    """Refuse a target by an address that it leads to with a RefusedUrlError."""
    if policy.exempts(found, address):
        return
    if is_denied(address):
        raise RefusedUrlError(_DENIED)
    _check_public(found, policy)


def parse_exemptions(entries: Sequence[str]) -> tuple[Exemption, ...]:
    """Return exemptions as an operator writes them: `host`, `host:port`, `10.0.0.0/8`, `[::1]:80`.

    Raises:
        ValueError: an entry is none of these; the message names it.
    """
    return tuple(_parse_exemption(entry.strip().lower()) for entry in entries)


def _parse_exemption(entry: str) -> Exemption:
    host, colon, port = entry, "", ""
    if entry.startswith("["):
        host, _, after = entry[1:].partition("]")
        _, colon, port = after.partition(":")
    elif "/" not in entry and entry.count(":") == 1:
        host, colon, port = entry.partition(":")
    is_port = port.isdecimal() and 0 < int(port) < 65536
    if is_port or not colon:
        number = int(port) if is_port else None
        try:
            return Exemption(None, parse_network(host), number)
        except ValueError:
            if _is_name(host):
                return Exemption(host, None, number)
    raise ValueError(f"{entry!r} is no host, host:port or network such as 10.0.0.0/8")


def _check_public(found: Target, policy: OutboundPolicy) -> None:
    if found.scheme != "https":
        raise RefusedUrlError("is not https")
    if found.port not in policy.ports:
        named = ", ".join(map(str, sorted(policy.ports)))
        raise RefusedUrlError(f"has another port than {named}")


def _checked_host(host: str) -> str:
    if _address(host) is not None or _is_name(host):
        return host
    raise RefusedUrlError("has no plain host name or address")


def _is_name(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    return (
        len(host) <= 253
        and all(_LABEL.fullmatch(label) for label in labels)
        and not _NUMERIC_LABEL.fullmatch(labels[-1])
    )


def _address(host: str) -> Address | None:
    """Return a canonical address; None for a name, and for any other spelling."""
    try:
        return IPv4Address(host)
    except AddressValueError:
        pass
    try:
        address = IPv6Address(host)
    except AddressValueError:
        return None
    return None if address.scope_id else address
