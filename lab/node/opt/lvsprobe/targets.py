"""What the probe is asked to send to: an address of the lab, in digits."""

from __future__ import annotations

import ipaddress
import urllib.parse
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 2544 and RFC 5180: for tests of network equipment
LAB_NETWORKS: tuple[Network, ...] = (ipaddress.IPv4Network("198.18.0.0/15"), ipaddress.IPv6Network("2001:2::/48"))

# Of http, and of https.
DEFAULT_PORTS = (80, 443)


class TargetError(Exception):
    """The probe does not send there; the text says why, in one line."""


@dataclass(frozen=True)
class Target:
    address: str
    port: int
    path: str
    #: The interface by which alone it may be reached; None: it must be a neighbour.
    interface: str | None = None
    is_tls: bool = False
    #: The site that is asked for; none: the address.
    name: str = ""

    @property
    def url(self) -> str:
        return f"{'https' if self.is_tls else 'http'}://{self.host}{self.path}"

    @property
    def host(self) -> str:
        address = f"[{self.address}]" if self.is_ipv6 else self.address
        return address if self.port == DEFAULT_PORTS[self.is_tls] else f"{address}:{self.port}"

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.address

    def request(self, connection: str) -> bytes:
        lines = (
            f"GET {self.path} HTTP/1.1",
            f"Host: {self.name or self.host}",
            "User-Agent: probe",
            f"Connection: {connection}",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def parse_target(url: str) -> Target:
    """`http://ADDRESS[:PORT][/PATH]`, or https, an IPv6 address in brackets; no names, no user."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise TargetError(f"{url!r} is not a URL: plain ASCII without spaces, please")
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise TargetError(f"{url!r} is not a URL: {error}") from None
    is_tls = parts.scheme == "https"
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise TargetError(f"{url!r} is not of the form http[s]://ADDRESS[:PORT]/PATH")
    if port == 0:
        raise TargetError(f"{url!r}: there is no port 0")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(str(parse_address(parts.hostname)), port or DEFAULT_PORTS[is_tls], path, is_tls=is_tls)


def parse_address(text: str) -> Address:
    try:
        if "%" not in text:  # no zone: no address of the lab has one
            return ipaddress.ip_address(text)
    except ValueError:
        pass
    raise TargetError(f"{text!r} is not an IPv4 or IPv6 address (the probe resolves no names)")


def lab_network(address: Address) -> Network | None:
    """The one of the lab's networks that the address is in."""
    return next((network for network in LAB_NETWORKS if address in network), None)
