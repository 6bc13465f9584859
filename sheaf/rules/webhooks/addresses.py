"""Which addresses a URL that a caller gave may lead to.

The table is ours, since what `ipaddress` calls private has changed between versions of Python; an
address that either of the two refuses is refused. Sources: the IANA special-purpose registries
(RFC 6890 and its updates) and the metadata services of the large clouds.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))

_DENIED_V4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # Metadata of Alibaba Cloud lies in 100.64/10; that of Azure is a public address.
        "168.63.129.16/32",
    )
)
_DENIED_V6 = tuple(
    IPv6Network(network)
    for network in (
        *("::/128", "::1/128", "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16"),
        *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "2001:2::/48", "2001:10::/28"),
        "64:ff9b:1::/48",
    )
)

_LOW_32_BITS = tuple(map(IPv6Network, ("64:ff9b::/96", "::ffff:0:0/96", "::/96")))
"""NAT64, mapped and compatible addresses: the IPv4 address is at the end."""
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_32_BITS = 0xFFFFFFFF
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_denied(address: Address) -> bool:
    """Whether no connection may be made to an address.

    An IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is
    judged by both.
    """
    return any(_is_denied(one) for one in (address, *_carried(address)))


def parse_network(text: str) -> Network:
    """Return a network in CIDR notation, or one address as a network; ValueError otherwise."""
    return ip_network(text, strict=False)


def _is_denied(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in _DENIED_V4) or not address.is_global
    if address.scope_id or any(address in network for network in _DENIED_V6):
        return True
    # What carries an IPv4 address is judged by that one; is_global would deny some of them all.
    return not _carried(address) and not address.is_global


def _carried(address: Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return ()
    number = int(address)
    low = number & _32_BITS
    found: tuple[int, ...] = ()
    if address in _SIX_TO_FOUR:
        found = (number >> 80 & _32_BITS,)
    elif address in _TEREDO:
        # The server, and the client with its bits turned over.
        found = (number >> 64 & _32_BITS, low ^ _32_BITS)
    elif number > 1 and _ends_in_ipv4(address):
        found = (low,)
    return tuple(map(IPv4Address, found))


def _ends_in_ipv4(address: IPv6Address) -> bool:
    is_isatap = int(address) >> 32 & _32_BITS in _ISATAP
    return is_isatap or any(address in network for network in _LOW_32_BITS)
