"""Where URLs of callers may lead, by their text and by their addresses."""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.rules.webhooks.addresses import is_denied
from sheaf.rules.webhooks.outbound_urls import (
    OutboundPolicy,
    RefusedUrlError,
    Target,
    check_address,
    check_target,
    check_text,
    parse_exemptions,
    target,
)

PRIVATE = [
    *("0.0.0.0", "10.1.2.3", "100.100.100.200", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
    *("172.16.0.1", "192.0.0.8", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    *("168.63.129.16", "::", "::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
    *("2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a00:1"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::1", "fe80::5efe:a00:1"),
    "2606:4700::5efe:a00:1",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "2a00::1"]

v4 = st.integers(0, 2**32 - 1).map(IPv4Address)


@pytest.mark.parametrize("text", PRIVATE)
def test_addresses_inside_are_denied(text: str) -> None:
    assert is_denied(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_not_denied(text: str) -> None:
    assert not is_denied(ipaddress.ip_address(text))


@given(v4)
def test_an_address_is_judged_alike_in_every_form_that_carries_it(address: IPv4Address) -> None:
    number = int(address)
    forms = (
        IPv6Address(f"::ffff:{address}"),
        IPv6Address(int(IPv6Address("64:ff9b::")) + number),
        IPv6Address((0x2002 << 112) + (number << 80) + 1),
        IPv6Address((0x20010000 << 96) + (0x08080808 << 64) + (number ^ 0xFFFFFFFF)),
    )
    assert {is_denied(form) for form in forms} == {is_denied(address)}


@given(v4)
def test_nothing_is_let_through_that_python_calls_private(address: IPv4Address) -> None:
    if not address.is_global:
        assert is_denied(address)


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "1.2.3.4.5"),
        *(
            "127.0.0.01",
            "a..b",
            "",
            ".",
            "-a.example",
            "a-.example",
            "a b",
            "exa%6dple.com",
            "[::1",
        ),
        *("fe80::1%eth0", "1e100.0x1", "example.com.1", "a" * 64 + ".com", "a,b", "①.example"),
    ],
)
def test_a_host_that_is_no_plain_name_or_address_is_refused(host: str) -> None:
    with pytest.raises(RefusedUrlError, match="host name"):
        target("https", "", host, None)


@pytest.mark.parametrize("host", ["example.com", "EXAMPLE.com.", "a_b.example", "xn--e1a.example"])
def test_names_of_the_dns_are_taken(host: str) -> None:
    assert target("HTTPS", "", host, None) == Target("https", host.lower(), 443)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://a.example\\@b.example", "characters"),
        ("https://a.example/\r\nX: y", "characters"),
        ("https://exämple.de", "characters"),
        ("https://a.example/" + "x" * 2000, "longer"),
        ("https://a.example/\x00", "characters"),
        ("https://a.example/ b", "characters"),
    ],
)
def test_text_that_two_parsers_may_read_in_two_ways_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RefusedUrlError, match=reason):
        check_text(text)


@pytest.mark.parametrize(
    ("scheme", "userinfo", "port", "reason"),
    [
        ("ftp", "", None, "neither"),
        ("file", "", None, "neither"),
        ("", "", None, "neither"),
        ("https", "a:b", None, "user name"),
        ("https", "", 0, "port 0"),
    ],
)
def test_what_is_no_plain_http_is_refused(
    scheme: str, userinfo: str, port: int | None, reason: str
) -> None:
    with pytest.raises(RefusedUrlError, match=reason):
        target(scheme, userinfo, "a.example", port)


STRICT = OutboundPolicy()
LOCAL = OutboundPolicy(allows_loopback=True)
A_PUBLIC = IPv4Address("93.184.216.34")


def is_refused(found: Target, address: str, policy: OutboundPolicy) -> bool:
    try:
        check_target(found, policy)
        check_address(found, ipaddress.ip_address(address), policy)
    except RefusedUrlError:
        return True
    return False


def test_without_exemptions_only_https_on_443_to_public_addresses_goes() -> None:
    for scheme in ("http", "https"):
        for port in (80, 443, 8443):
            for address in (*PRIVATE, *PUBLIC):
                found = Target(scheme, "a.example", port)
                good = (scheme, port) == ("https", 443) and address in PUBLIC
                assert is_refused(found, address, STRICT) is not good


def test_local_mode_adds_this_machine_and_nothing_else() -> None:
    here = Target("http", "localhost", 8080)
    assert not is_refused(here, "127.0.0.1", LOCAL)
    assert not is_refused(here, "::1", LOCAL)
    assert not is_refused(here, "::ffff:127.0.0.1", LOCAL)
    for address in set(PRIVATE) - {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"}:
        assert is_refused(Target("https", "a.example", 443), address, LOCAL)
    assert is_refused(Target("http", "a.example", 80), "93.184.216.34", LOCAL)


def test_an_exemption_names_a_host_or_a_network_with_or_without_a_port() -> None:
    policy = OutboundPolicy(
        exemptions=parse_exemptions(["hooks.internal:8080", "10.0.0.0/8", "[fd00::1]:9000"])
    )
    assert not is_refused(Target("http", "hooks.internal", 8080), "192.168.0.1", policy)
    assert is_refused(Target("http", "hooks.internal", 80), "192.168.0.1", policy)
    assert not is_refused(Target("http", "other.internal", 81), "10.9.9.9", policy)
    assert not is_refused(Target("http", "fd00::1", 9000), "fd00::1", policy)
    assert is_refused(Target("http", "fd00::1", 9001), "fd00::1", policy)
    assert is_refused(Target("https", "a.example", 443), "127.0.0.1", policy)


def test_exemptions_are_read_as_operators_write_them() -> None:
    one, two, three = parse_exemptions(["Hooks.Internal", "10.1.0.0/16", "::1"])
    assert (one.host, one.network, one.port) == ("hooks.internal", None, None)
    assert two.network == IPv4Network("10.1.0.0/16")
    assert three.network == ipaddress.ip_network("::1/128")


@pytest.mark.parametrize("entry", ["http://a", "a b", "a:0", "a:x", "10.0.0.0/99", "", "a:70000"])
def test_an_exemption_that_is_none_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        parse_exemptions([entry])


def test_names_of_metadata_services_are_refused_before_any_look_up() -> None:
    for name in ("metadata.google.internal", "metadata", "metadata.google.internal."):
        with pytest.raises(RefusedUrlError):
            check_target(Target("https", name, 443), LOCAL)
