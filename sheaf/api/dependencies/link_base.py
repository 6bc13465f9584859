"""The address that links of this server begin with.

What a request says of it is believed only of callers on this machine, and of proxies that the
operator names: a link that leads elsewhere would give what it opens to who named the place.
"""

import ipaddress
import re
from collections.abc import Iterable

from fastapi import Request

from sheaf.api.state import ApiState
from sheaf.rules.webhooks.addresses import parse_network

_AUTHORITY = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\])(?::[0-9]{1,5})?")
_ON_THIS_MACHINE = {"localhost", "127.0.0.1", "[::1]"}


def link_base(request: Request, state: ApiState) -> str:
    """Return the address that the operator has set, or that the request came to."""
    if state.settings.api_url:
        return state.settings.api_url.rstrip("/")
    scheme, host = request.url.scheme, _authority(request.headers.get("host"))
    if _is_from_proxy(request, state.settings.trusted_proxies):
        host = _authority(_last(request, "x-forwarded-host")) or host
        told = _last(request, "x-forwarded-proto")
        if host:
            return f"{told if told in {'http', 'https'} else scheme}://{host}"
    if host and _name(host) in _ON_THIS_MACHINE:
        return f"{scheme}://{host}"
    return f"{scheme}://{_own_address(request)}"


def _is_from_proxy(request: Request, trusted: Iterable[str]) -> bool:
    try:
        peer = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return any(peer in parse_network(one) for one in trusted)


def _last(request: Request, header: str) -> str | None:
    """Return what the nearest proxy says; those before it may be anybody's."""
    told = request.headers.getlist(header)
    return told[-1].rpartition(",")[2].strip() if told else None


def _authority(host: str | None) -> str | None:
    return host if host and _AUTHORITY.fullmatch(host) else None


def _name(host: str) -> str:
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def _own_address(request: Request) -> str:
    """Return where the connection arrived, which no caller can choose."""
    name, port = request.scope["server"]
    shown = f"[{name}]" if ":" in name else name
    return f"{shown}:{port}" if port else shown
