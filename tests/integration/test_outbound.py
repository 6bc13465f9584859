"""The guard against URLs that lead inside, with a real name server and real sockets.

Every address of this machine has a listener, and every connection that the process tries is seen
by an audit hook, so a denied address is known not to have been connected to, whatever it is.
"""

import asyncio
import ipaddress
import socket
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest
import pytest_asyncio

from sheaf.rules.webhooks.outbound_urls import OutboundPolicy, RefusedUrlError, parse_exemptions
from sheaf.testing.listening import stop_listening
from sheaf.testing.webhook_receiver import answer, receiving
from sheaf.webhooks.sender import Message, Sender, trusted
from sheaf.webhooks.url_guard import Guard

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
V4 = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.5", "169.254.169.254", "192.168.0.1", "172.17.0.1"),
    *("100.100.100.200", "0.0.0.0", "168.63.129.16", "198.18.0.1", "224.0.0.1"),
)
V6 = ("::1", "::", "fd00:ec2::254", "fe80::1", "ff02::1", "2001:db8::1", "fec0::1")
SCHEMES = ("https", "http", "HTTPS", "hTTp", "ftp", "gopher", "file", "ws")

CONTEXT = trusted(None)
connects: list[str] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple):
            connects.append(str(address[0]))


sys.addaudithook(_note)


class NameServer:
    """Answers for names that spell their addresses; of some, another one at each question."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked: dict[tuple[str, int], int] = {}

    def serve(self) -> None:
        while True:
            wire, sender = self.socket.recvfrom(4096)
            if not wire:
                return
            try:
                query = dns.message.from_wire(wire)
            except dns.exception.DNSException:
                continue  # It came for whoever had this port before.
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            question = query.question[0]
            name = question.name.to_text(omit_final_dot=True).lower()
            texts = self.addresses(name, question.rdtype)
            if texts:
                rrset = dns.rrset.from_text_list(question.name, 0, "IN", question.rdtype, texts)
                reply.answer.append(rrset)
            self.socket.sendto(reply.to_wire(), sender)

    def addresses(self, name: str, kind: int) -> list[str]:
        """`<form>.<address with - for its dots>.test`, in which a form is how it is answered."""
        if name.startswith("localhost"):
            return ["127.0.0.1"] if kind == dns.rdatatype.A else ["::1"]
        form, _, rest = name.partition(".")
        text = rest.removesuffix(".test").replace("-", "." if "x" not in rest else ":")
        inside = [text.replace("x", "")]
        family = 4 if kind == dns.rdatatype.A else 6
        if form == "good":
            return [one for one in PUBLIC if ipaddress.ip_address(one).version == family]
        times = self.asked[name, kind] = self.asked.get((name, kind), 0) + 1
        found = {
            "plain": inside,
            "mixed": [PUBLIC[0], *inside],
            "mixed6": [PUBLIC[1], *inside],
            "rebind": inside if times > 1 else list(PUBLIC),
        }.get(form, [])
        return [one for one in found if ipaddress.ip_address(one).version == family]


@contextmanager
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.cache = ["127.0.0.1"], server.port, None
    resolver.lifetime = 2
    dns.resolver.override_system_resolver(resolver)
    try:
        yield server
    finally:
        dns.resolver.restore_system_resolver()
        # A socket that is closed wakes nobody who waits for it; an empty message does.
        server.socket.sendto(b"", ("127.0.0.1", server.port))
        thread.join(5)
        assert not thread.is_alive()
        server.socket.close()


@pytest_asyncio.fixture
async def inside() -> AsyncIterator[tuple[int, list[object]]]:
    """A listener on every address of this machine: its port, and who connected."""
    accepted: list[object] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(accept, ["0.0.0.0", "::"], 0)
    port = server.sockets[0].getsockname()[1]
    other = await asyncio.start_server(accept, "::", port) if len(server.sockets) < 2 else None
    yield port, accepted
    await stop_listening(server)
    if other:
        await stop_listening(other)


def v4_forms(text: str) -> list[str]:
    """Return hosts that lead, or may be taken to lead, to an IPv4 address."""
    number = int(IPv4Address(text))
    a, b, c, d = text.split(".")
    name = text.replace(".", "-")
    nat64 = IPv6Address(int(IPv6Address("64:ff9b::")) + number)
    return [
        *(text, f"{text}.", str(number), hex(number), f"0{number:o}", f"0x{int(a):x}.{b}.{c}.{d}"),
        *(f"0{int(a):o}.0{int(b):o}.0{int(c):o}.0{int(d):o}", f"{a}.{int(b) << 16}", f"0{text}"),
        *(
            f"[::ffff:{text}]",
            f"[::{text}]",
            f"[{nat64}]",
            f"[{IPv6Address((0x2002 << 112) + (number << 80))}]",
        ),
        *(f"[{IPv6Address((0x20010000 << 96) + (number ^ 0xFFFFFFFF))}]", text.replace(".", "%2e")),
        *(
            text.replace(".", "\u3002"),
            "".join(chr(0xFF10 + int(x)) if x.isdigit() else x for x in text),
        ),
        *(
            f"good.x.test@{text}",
            f"{text}#@good.x.test",
            f"good.x.test\\@{text}",
            f"{text}\t",
            f"{text}\\.good.x.test",
        ),
        *(
            f"plain.{name}.test",
            f"mixed.{name}.test",
            f"mixed6.{name}.test",
            f"rebind.{name}.test",
            f"PLAIN.{name}.TEST.",
        ),
    ]


def v6_forms(text: str) -> list[str]:
    name = text.replace(":", "-") + "x"
    return [
        *(f"[{text}]", f"[{text}%25lo]", f"[{text}%lo]", f"[{IPv6Address(text).exploded}]", text),
        *(
            f"good.x.test@[{text}]",
            f"plain.{name}.test",
            f"mixed.{name}.test",
            f"rebind.{name}.test",
        ),
    ]


def payloads(port: int) -> list[str]:
    hosts = [form for text in V4 for form in v4_forms(text)]
    hosts += [form for text in V6 for form in v6_forms(text)]
    urls = [f"{scheme}://{host}:{port}/hook" for host in hosts for scheme in SCHEMES]
    names = ("localhost", "LOCALHOST.", "localhost.localdomain", "metadata.google.internal")
    urls += [f"{scheme}://{name}:{port}/" for name in names for scheme in SCHEMES]
    return [*urls, "//127.0.0.1/", "https:127.0.0.1", "https:///127.0.0.1", "https://", "", "x"]


async def attempt(guard: Guard, url: str) -> str:
    """Send once; return the class of the failure."""
    sender = Sender(guard, CONTEXT)
    try:
        sent = await sender.send(Message("id", "parse.success", url, b"{}"))
    finally:
        await sender.close()
    return str(sent.error)


async def test_no_url_leads_inside_at_create_or_at_send(inside: tuple[int, list[object]]) -> None:
    port, accepted = inside
    guard = Guard(OutboundPolicy(ports=frozenset({443, port})))
    urls = payloads(port)
    let_in = sent = 0
    with name_server():
        connects.clear()
        for url in urls:
            try:
                await guard.check(url)
                let_in += 1
            except RefusedUrlError:
                pass
            if await attempt(guard, url) != "blocked":
                print(url)
                sent += 1
    # To the name server, over UDP.
    tried = [one for one in connects if one != "127.0.0.1"]
    print(f"\n{len(urls):,} URLs x create, send: {let_in} let in until they were looked up again,")
    print(f"{sent} not blocked at send, {len(accepted)} connections inside, {len(tried)} elsewhere")
    assert len(urls) >= 1000
    assert tried == []
    assert accepted == []
    assert sent == 0


async def test_good_urls_are_not_refused(inside: tuple[int, list[object]]) -> None:
    guard = Guard(OutboundPolicy())
    good = [
        f"https://good.{name}.test{port}{path}"
        for name in (
            "a",
            "xn--e1a",
            "a-b",
            "a_b",
            "x1",
            "1x",
            "a.b.c",
            "A",
            "10-0-0-1",
            "127.0.0.1.nip",
        )
        for port in ("", ":443")
        for path in (
            "",
            "/",
            "/a/b?c=d&e=%2F",
            "/%20",
            "/~u;v=1",
            "/a//b",
            "?q",
            "/#f",
            "/a,b",
            "/(x)!*'",
        )
    ]
    refused = 0
    with name_server():
        for url in good:
            await guard.check(url)
            found, _ = guard.parse(url)
            address = await guard.admit(found)
            refused += str(address) not in PUBLIC
    literal = ["https://93.184.216.34/", "https://[2606:2800:220:1::1]/", "https://1.1.1.1:443/"]
    for url in literal:
        await guard.check(url)
    print(f"\n{len(good) + len(literal)} good URLs, {refused} refused")
    assert len(good) >= 200
    assert refused == 0


async def test_a_redirect_is_not_followed(inside: tuple[int, list[object]]) -> None:
    port, accepted = inside
    async with receiving() as receiver:
        policy = OutboundPolicy(exemptions=parse_exemptions([f"127.0.0.1:{receiver.port}"]))
        guard = Guard(policy)
        tried = 0
        for status in (300, 301, 302, 303, 307, 308):
            for host in ("127.0.0.1", "[::1]", "0.0.0.0", "localhost", "good.x.test"):
                location = f"Location: http://{host}:{port}/"
                receiver.behave = lambda _, status=status, to=location: answer(status, to)  # type: ignore[misc]
                found = await attempt(guard, f"http://127.0.0.1:{receiver.port}/hook")
                assert found == "http_error"
                tried += 1
        assert len(receiver.received) == tried == 30
    assert accepted == []


async def test_a_proxy_of_the_environment_is_not_used(
    inside: tuple[int, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, accepted = inside
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    async with receiving() as receiver:
        guard = Guard(OutboundPolicy(allows_loopback=True))
        assert await attempt(guard, receiver.url()) == "None"
    assert accepted == []


async def test_a_kept_connection_is_judged_anew_for_each_message() -> None:
    """The name changes its answer while a connection to the first address is open."""
    async with receiving() as receiver:
        policy = OutboundPolicy(
            ports=frozenset({receiver.port}),
            exemptions=parse_exemptions([f"127.0.0.1:{receiver.port}"]),
        )
        guard = Guard(policy)
        sender = Sender(guard, trusted(None))
        url = f"http://localhost:{receiver.port}/"
        message = Message("id", "parse.success", url, b"{}")
        assert (await sender.send(message)).is_delivered
        assert (await sender.send(message)).is_delivered
        assert receiver.connections == 1
        guard._policy = OutboundPolicy()
        assert str((await sender.send(message)).error) == "blocked"
        await sender.close()
    assert len(receiver.received) == 2


async def test_what_the_guard_refuses_it_says_without_the_url() -> None:
    guard = Guard(OutboundPolicy())
    for url in ("https://10.0.0.5/s3cr3t", "http://a.example/s3cr3t", "https://a b/s3cr3t"):
        with pytest.raises(RefusedUrlError) as raised:
            await guard.check(url)
        assert "s3cr3t" not in str(raised.value)


async def test_a_cookie_is_not_sent_back() -> None:
    async with receiving() as receiver:
        receiver.behave = lambda _: answer(200, "Set-Cookie: a=b")
        sender = Sender(Guard(OutboundPolicy(allows_loopback=True)), CONTEXT)
        message = Message("id", "parse.success", receiver.url(), b"{}")
        assert [(await sender.send(message)).is_delivered for _ in range(2)] == [True, True]
        await sender.close()
    assert [one.headers.get("cookie") for one in receiver.received] == [None, None]
