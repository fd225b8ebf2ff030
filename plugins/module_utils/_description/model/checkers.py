# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""How keepalived finds out whether a real server serves: one of its checkers, each with options of its own.

Options, and so keywords in keepalived.conf, stand in the order of a checker's bases, the last one first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Mapping, Optional, Sequence, Tuple, Type, Union

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    ADDRESS,
    BOOLEAN,
    INTERFACE,
    NAME,
    PORT,
    SCRIPT_FILE,
    URL_PATH,
    WORD,
    choice,
    instead,
    integer,
    list_of,
    one_of,
    one_or_more,
    option,
    options,
    or_true,
    raw_lines,
    require_regex,
    scalar,
    seconds,
    table,
    text,
    variants,
    words_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._problems import BadValue

from .scripts import SCRIPT, Script

# What keepalived keeps of a weight that a file gives (IPVS_WEIGHT_LIMIT of its ip_vs.h).
LARGEST_WEIGHT = 2**31 - 1


def _status(value: Any) -> Union[int, str]:
    """A status, or the first and the last of several."""
    found = re.fullmatch(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?", str(value).strip())
    if not found:
        raise BadValue("is no status of HTTP", "Write one from 100 to 599, or a range as 200-299")
    if found[2] and found[2] < found[1]:
        raise BadValue("ends before it begins", f"Write {found[2]}-{found[1]}")
    return str(value).strip() if found[2] else int(found[1])


def _regex(value: Any) -> str:
    """A regular expression that stands between quotes in one line, and that PCRE reads as Python does.

    One that PCRE refuses keepalived goes on to use: it reads memory that it has given back (check_http.c).
    """
    if not isinstance(value, str) or not value or not value.isprintable() or '"' in value:
        raise BadValue("is no regular expression in one line without double quotes", 'Write \\x22 for a " in it')
    if re.search(r"\$[{_]|~(SEQ|LST)", value) or re.search(r"\\[uUNpPXRKGQECLl]", value):
        raise BadValue("has what keepalived or PCRE reads as something else", "Write it in another way")
    require_regex(value)
    return value


STATUS = scalar(_status, "100 to 599, or a range as 200-299")
REGEX = scalar(_regex, "regular expression")
MD5 = text(
    r"[0-9a-fA-F]{32}", "digest of 32 hex digits", "Write its 32 hex digits, as md5sum tells them, or {file: PAGE}", 32
)
HEX = text(r"[0-9a-fA-F]{2}( ?[0-9a-fA-F]{2})*", "row of octets in hex", "Write two hex digits for each, as 'ab 00 12'")
HEX_OR_ANY = text(
    r"[0-9a-fA-FxX]{2}( ?[0-9a-fA-FxX]{2})*",
    "row of octets in hex, x for any digit",
    "Write two hex digits for each, or x for one that may be any, as 'ab xx 12'",
)
DNS_NAME = text(
    r"\.|([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?", "name of DNS", "Write one as www.example.com", 253
)
HOST_AND_PORT = text(
    r"[A-Za-z0-9][A-Za-z0-9_.-]*(:[0-9]{1,5})?", "name and port of a site", "Write one as www.example.com", 259
)
DNS_TYPES = ["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY"]
# pcre2api(3); what each of them means to keepalived stands in its check_http.c.
REGEX_OPTIONS = [
    "allow_empty_class",
    "alt_bsux",
    "auto_callout",
    "caseless",
    "dollar_endonly",
    "dotall",
    "dupnames",
    "extended",
    "firstline",
    "match_unset_backref",
    "multiline",
    "never_ucp",
    "never_utf",
    "no_auto_capture",
    "no_auto_possess",
    "no_dotstar_anchor",
    "no_start_optimize",
    "ucp",
    "ungreedy",
    "utf",
    "never_backslash_c",
    "alt_circumflex",
    "alt_verbnames",
    "use_offset_limit",
]


@dataclass(frozen=True)
class Rounds:
    """What every checker has that asks again and again, where it is not as for the whole service."""

    delay_loop: Optional[float] = option(
        seconds(0.001, 86400), "seconds between checks; by default the service's", default=None
    )
    warmup: Optional[float] = option(
        seconds(0, 86400),
        "seconds at most, by chance, until the first check; by default those between two",
        default=None,
    )


@dataclass(frozen=True)
class Alpha:
    """What a server is before anybody has asked it."""

    alpha: Optional[bool] = option(
        BOOLEAN, "whether the server is down until this has succeeded once; by default the server's", default=None
    )


@dataclass(frozen=True)
class Logged:
    """What is logged."""

    log_all_failures: bool = option(
        BOOLEAN, "whether each failure is logged, and not the last try alone", default=False
    )


@dataclass(frozen=True)
class Tries:
    """How often a checker tries."""

    retry: Optional[int] = option(
        integer(0, 1000), "further tries before the server counts as down; by default the service's", default=None
    )
    delay_before_retry: Optional[float] = option(
        seconds(0, 3600), "seconds between tries; by default the service's", default=None
    )


@dataclass(frozen=True)
class Wait:
    """What a checker has that asks over the network."""

    connect_timeout: Optional[float] = option(
        seconds(0.001, 3600), "seconds to wait for the server's answer; by default the service's", default=None
    )


@dataclass(frozen=True)
class Way:
    """How such a checker gets there, if not straight to the server."""

    connect_ip: str = option(ADDRESS, "the address to check, if it is not the server's", default="")
    bindto: str = option(ADDRESS, "the address of the director to check from, if it has several", default="")
    bind_if: str = option(INTERFACE, "the interface to check through", default="")
    fwmark: Optional[int] = option(integer(1, 2**32 - 1), "a mark for the packets of the check", default=None)


@dataclass(frozen=True)
class Port:
    """What a checker has that connects to a port."""

    connect_port: Optional[int] = option(PORT, "the port to check, if it is not the server's", default=None)
    bind_port: Optional[int] = option(PORT, "the port of bindto to check from", default=None)


@dataclass(frozen=True)
class Raw:
    """What every checker ends with."""

    raw: Tuple[str, ...] = raw_lines()


@dataclass(frozen=True)
class Repeated(Raw, Logged, Alpha, Rounds, Tries):
    """What every checker has that asks again and again."""


@dataclass(frozen=True)
class Pinging(Repeated, Wait, Way):
    """What a checker has that asks a host over the network."""


@dataclass(frozen=True)
class Asking(Repeated, Wait, Way, Port):
    """What a checker has that asks a port."""


@dataclass(frozen=True)
class Digest:
    """What the MD5 digest of a page must be."""

    md5: str = option(MD5, "its hex digits", default="")
    file: str = option(
        SCRIPT_FILE,
        "instead, a file with what the server must answer, to the letter; it is found where those of scripts are",
        default="",
    )

    @property
    def printed(self) -> str:
        """As keepalived reads it."""
        return self.md5


@dataclass(frozen=True)
class Path:
    """Which page is asked for."""

    path: str = option(URL_PATH, "the path to ask for", default="/")


@dataclass(frozen=True)
class Answer:
    """What the server must answer."""

    status_code: Union[int, str] = option(
        words_of(STATUS), "the status to expect, a range of them, or a list of both", default=200
    )
    virtualhost: str = option(
        HOST_AND_PORT,
        "the name to ask for; by default that of the server or the service, or else the address",
        default="",
    )
    digest: Optional[Digest] = option(
        one_of(table(Digest, shorthand="md5"), ["md5", "file"]),
        "what the MD5 digest of the page must be, its head not counted",
        default=None,
    )
    regex: str = option(
        REGEX, "what must be found in the page: a regular expression as of Perl", quoted=True, default=""
    )
    regex_no_match: bool = option(BOOLEAN, "whether it must not be found", default=False)
    regex_options: str = option(
        words_of(choice(REGEX_OPTIONS, "option of PCRE")), "how it is meant, as caseless; see pcre2api(3)", default=""
    )
    regex_min_offset: Optional[int] = option(
        integer(0, 2**31 - 1), "after how many octets of the answer the search begins", default=None
    )
    regex_max_offset: Optional[int] = option(
        integer(0, 2**31 - 1),
        "after how many octets it must have begun to match, those of the head counted where it comes with the page",
        default=None,
    )


@dataclass(frozen=True)
class Page(Answer, Path):
    """A page, and what its server must answer."""


@dataclass(frozen=True)
class Url(Page):
    """C(url): one of several pages."""


@dataclass(frozen=True)
class Pages(Page):
    """What a checker has that asks for pages: for one, or for several in its place."""

    url: Tuple[Url, ...] = option(
        list_of(table(Url, shorthand="path")),
        "several pages in place of one, each with its path or what else is told of it; all of them must be as expected",
        default=(),
    )

    @property
    def pages(self) -> Sequence[Page]:
        """All that it asks for."""
        return self.url or [self]


@dataclass(frozen=True)
class Protocol:
    """How pages are asked for."""

    http_protocol: str = option(
        choice(["1.0", "1.0C", "1.1"], "version of HTTP"),
        "version of HTTP; with 1.0C the server is told to end the connection; 1.0 by default",
        default="",
    )
    fast_recovery: bool = option(
        BOOLEAN, "of several pages, whether a server that comes back is asked for all of them at once", default=False
    )


@dataclass(frozen=True)
class HttpGet(Asking, Protocol, Pages):
    """C(HTTP_GET): the server answers a request with the status that is expected."""

    keyword: ClassVar[str] = "HTTP_GET"


@dataclass(frozen=True)
class Tls:
    """What a checker has that speaks TLS."""

    enable_sni: bool = option(
        BOOLEAN, "whether the server is told the name of virtualhost before it shows its certificate", default=False
    )
    tls_compliant: bool = option(
        BOOLEAN, "whether an answer fails that ends without the end of TLS", since="2.3.3", default=False
    )


@dataclass(frozen=True)
class SslGet(Asking, Tls, Protocol, Pages):
    """C(SSL_GET): the same over TLS; nothing looks at the certificate."""

    keyword: ClassVar[str] = "SSL_GET"


@dataclass(frozen=True)
class TcpCheck(Asking):
    """C(TCP_CHECK): the server takes a connection."""

    keyword: ClassVar[str] = "TCP_CHECK"


@dataclass(frozen=True)
class Greeting:
    """What a checker says to a mail server."""

    helo_name: str = option(WORD, "what the director calls itself; smtpchecker.keepalived.org by default", default="")


@dataclass(frozen=True)
class SmtpCheck(Asking, Greeting):
    """C(SMTP_CHECK): the mail server greets, and answers a greeting."""

    keyword: ClassVar[str] = "SMTP_CHECK"

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {"host": "connect_ip and connect_port"}


@dataclass(frozen=True)
class Query:
    """What a DNS server is asked."""

    name: str = option(DNS_NAME, "the name to ask for: one of which the server knows")
    query_type: str = option(
        choice(DNS_TYPES, "type of DNS"), "the type to ask for; SOA by default", keyword="type", default=""
    )


@dataclass(frozen=True)
class DnsCheck(Asking, Query):
    """C(DNS_CHECK): the DNS server answers a question without an error; it may be an empty answer."""

    keyword: ClassVar[str] = "DNS_CHECK"


@dataclass(frozen=True)
class Datagram:
    """What is sent to a server of UDP, and what must come back."""

    payload: str = option(HEX, "what is sent, in hex digits; by default anything", default="")
    require_reply: Union[bool, str] = option(
        or_true(HEX_OR_ANY),
        "whether an answer must come, or with which octets it must begin; by default it is enough that nobody says "
        "that the port is closed",
        default=False,
    )
    min_reply_length: Optional[int] = option(integer(0, 65535), "how many octets must come; 0 by default", default=None)
    max_reply_length: Optional[int] = option(
        integer(0, 65535), "how many octets may come; 255 by default", default=None
    )


@dataclass(frozen=True)
class UdpCheck(Asking, Datagram):
    """C(UDP_CHECK): the host does not say that the port is closed, or the server answers what is sent."""

    keyword: ClassVar[str] = "UDP_CHECK"


@dataclass(frozen=True)
class PingCheck(Pinging):
    """C(PING_CHECK): the host answers a ping, whether or not anything serves there."""

    # keepalived takes a connect_port here too, and pings all the same. To read this block, if only to test the file, it
    # has net.ipv4.ping_group_range begin at 0, where systemd has not done so (its check_ping.c).
    keyword: ClassVar[str] = "PING_CHECK"


@dataclass(frozen=True)
class Running:
    """What a director runs."""

    misc_path: Script = option(SCRIPT, "what runs: the server is well if its exit status is 0")
    misc_timeout: Optional[int] = option(
        integer(1, 4294, "seconds"), "seconds until it is ended, and has failed; by default delay_loop", default=None
    )
    misc_dynamic: bool = option(
        BOOLEAN,
        "whether an exit status from 2 to 255 is well too, and less 2 the weight from then on; 0 is the weight here",
        default=False,
    )


@dataclass(frozen=True)
class MiscCheck(Repeated, Running):
    """C(MISC_CHECK): a script or a program says so."""

    keyword: ClassVar[str] = "MISC_CHECK"

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {"user": "script_user of lvs_global_defs"}


@dataclass(frozen=True)
class Reading:
    """What a file says."""

    track_file: str = option(NAME, "the file, by its name in lvs_vrrp_track_files, which has an init_file")


@dataclass(frozen=True)
class Factor:
    """What the number in a file is for."""

    weight: Optional[int] = option(
        integer(-LARGEST_WEIGHT, LARGEST_WEIGHT),
        "the number in the file is multiplied by this, 1 by default, and added to the server's weight; with 0, the "
        "server is down while it is any number but 0",
        default=None,
    )
    reverse: bool = option(
        BOOLEAN, "whether it is subtracted, or with weight 0 the server is down while it is 0", default=False
    )


@dataclass(frozen=True)
class FileCheck(Raw, Factor, Reading):
    """C(FILE_CHECK): a number in a file, which a program or a person writes on each director."""

    keyword: ClassVar[str] = "FILE_CHECK"


@dataclass(frozen=True)
class Neighbours:
    """Who asks whom."""

    name: str = option(NAME, "the neighbours, by their name in lvs_bfd_instances, whose hosts are the directors and it")


@dataclass(frozen=True)
class BfdCheck(Raw, Alpha, Neighbours):
    """C(BFD_CHECK): the server's host answers as a neighbour does, many times a second (RFC 5880)."""

    keyword: ClassVar[str] = "BFD_CHECK"


Checker = Union[TcpCheck, HttpGet, SslGet, SmtpCheck, DnsCheck, UdpCheck, PingCheck, MiscCheck, FileCheck, BfdCheck]
# The first is what a check is that names no type.
CHECKERS: Tuple[Type[Checker], ...] = (
    TcpCheck,
    HttpGet,
    SslGet,
    SmtpCheck,
    DnsCheck,
    UdpCheck,
    PingCheck,
    MiscCheck,
    FileCheck,
    BfdCheck,
)
# A checker, several, or none of them; None where it follows from something else.
Checks = Union[None, Checker, Tuple[Checker, ...]]
CHECKER = instead(variants(CHECKERS, "check"), "url", list(options(Page)))
CHECKS = one_or_more(CHECKER, "none")


def several(checks: Checks) -> Sequence[Checker]:
    """The checkers, in a list whatever they are, without those that were refused."""
    return [each for each in (checks if isinstance(checks, tuple) else [checks]) if each is not None]
