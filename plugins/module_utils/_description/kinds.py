# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The kinds of value that a description is made of, and how a table of them is read.

A table is a frozen dataclass whose fields are made with L(option), or one of several, told by its type. Reading never
stops at the first fault: a value that is refused becomes a L(Problem) and is read as None, so that the checks that
follow can still look at everything else and skip what is None.
"""

from __future__ import annotations

import base64
import dataclasses
import difflib
import ipaddress
import math
import re
import warnings
from typing import (
    AbstractSet,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
    TypeVar,
)

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.grammar import unclosed
from ansible_collections.lvs.cluster.plugins.module_utils._net import (
    AddressError,
    canonical_address,
    end_of_network,
    family_of,
    is_of_link,
    no_host,
)
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import NotWholeError, parse
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.variables import unknown
from ansible_collections.lvs.cluster.plugins.module_utils._problems import BadValue, Problem, shown

T = TypeVar("T")
Problems = List[Problem]


@dataclasses.dataclass(frozen=True)
class Reader:
    """What turns the value at a path into what the model holds, or adds to the problems and gives None.

    accepts: which values it takes, for the documentation.
    shape: how one that is no single word is written.
    kind: what Ansible calls such values, in an argument specification.
    choices: all that it takes, where they are words.
    element: of a list or a mapping, the reader of what is in it.
    tables: the model that a mapping becomes; of several, each under the word that tells it from the others.
    """

    read: Callable[[Any, str, Problems], Any]
    accepts: str
    shape: str = ""
    kind: str = "str"
    choices: Tuple[str, ...] = ()
    element: Optional[Reader] = None
    tables: Mapping[str, Type[Any]] = dataclasses.field(default_factory=dict)

    def __call__(self, value: Any, path: str, problems: Problems) -> Any:
        return self.read(value, path, problems)


# What an option may tell of itself besides, and what holds where it does not.
TOLD = {
    **dict.fromkeys(("name", "off", "keyword", "since", "as_in"), ""),
    **dict.fromkeys(("bare", "quoted", "no_log"), False),
}


def option(reader: Reader, about: str, **told: Any) -> Any:
    """A field of a table: how it is read, one line about it, and C(default=) unless it is required.

    name: what the user writes, where that is no Python identifier (C(mh-port)).
    off: the keyword that says that it is false, where that is another one (C(no_accept)).
    keyword: the keyword of keepalived.conf, where the user cannot write that.
    bare: its value stands in keepalived.conf without the keyword.
    quoted: it stands there between quotes, and each of its backslashes twice.
    since: the first keepalived that knows it, where that of the oldest distribution does not.
    as_in: the option that takes the same, where documents tell of its tables there alone.
    no_log: Ansible shows it nowhere.
    """
    metadata = {"reader": reader, "about": about, **{key: told.pop(key, none) for key, none in TOLD.items()}}
    return dataclasses.field(metadata=metadata, **told)  # pylint: disable=invalid-field-call # it is a field's value


def scalar(accept: Callable[[Any], Any], accepts: str, kind: str = "str", choices: Sequence[str] = ()) -> Reader:
    """A reader from a function that returns the value to hold or raises L(BadValue)."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        try:
            return accept(value)
        except BadValue as bad:
            problems.append(Problem(path, value, bad.reason, bad.remedy))
            return None

    return Reader(read, accepts, kind=kind, choices=tuple(choices))


def unshown(reader: Reader) -> Reader:
    """The same of values that are too long for a message."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        before = len(problems)
        held = reader(value, path, problems)
        problems[before:] = [dataclasses.replace(each, value=None) for each in problems[before:]]
        return held

    return dataclasses.replace(reader, read=read)


def integer(low: int, high: int, unit: str = "") -> Reader:
    """A whole number from low to high; text of digits counts, as templates often give text."""
    bounds = f"a whole number from {low} to {high}" + (f" ({unit})" if unit else "")

    def accept(value: Any) -> int:
        # Python refuses to read text of thousands of digits.
        if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,999}", str(value).strip()):
            raise BadValue("is not a whole number", f"Write {bounds}")
        number = int(value)
        if not low <= number <= high:
            raise BadValue("is out of range", f"Write {bounds}")
        return number

    return scalar(accept, f"{low} to {high}", "int")


def seconds(low: float, high: float) -> Reader:
    """A time in seconds; fractions are kept (0.1 stays 0.1), whole numbers are held as int.

    keepalived reads six decimals and no exponent (1e-05), nginx gets whole milliseconds, and what Python calculates has
    digits without end (0.1 + 0.2): so milliseconds are the finest.
    """
    bounds = f"seconds from {low:g} to {high:g}"

    def accept(value: Any) -> float:
        try:
            number = float("nan" if isinstance(value, bool) else value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not low <= number <= high:
            raise BadValue("is not a time in this range", f"Write {bounds}")
        held = round(number, 3)
        if not math.isclose(number, held, rel_tol=1e-9):
            raise BadValue("is finer than milliseconds", f"Write {bounds}, with at most 3 decimals")
        return int(held) if held == int(held) else held

    return scalar(accept, f"{low:g} to {high:g}, with fractions", "float")


def _boolean(value: Any) -> bool:
    # Text counts: `-e lvs_sync_daemon=false` gives text.
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    known = words.get(str(value).lower())
    if known is None:
        raise BadValue("is neither true nor false", "Write true or false")
    return known


# By the version of IP.
EXAMPLES = {4: "192.0.2.10", 6: "2001:db8::10"}


def _address(value: Any) -> str:
    try:
        address = canonical_address(str(value))
    except AddressError as error:
        raise BadValue(str(error), "Write one as 192.0.2.10 or 2001:db8::10") from None
    held = ipaddress.ip_address(address)
    if no_host(held):
        raise BadValue(no_host(held), f"Write the address of a host, as {EXAMPLES[held.version]}")
    return address


def _router(value: Any) -> str:
    # Routers of IPv6 tell of themselves by the address that they have on the link.
    text = str(value)
    return canonical_address(text) if is_of_link(text) else _address(value)


def group_of(version: int, example: str) -> Reader:
    """A multicast address of the link."""

    def accept(value: Any) -> str:
        try:
            address = ipaddress.ip_address(str(value))
        except ValueError:
            address = None
        # Of IPv6, keepalived takes none that leaves the link.
        if address is None or address.version != version or not address.is_multicast:
            raise BadValue(f"is no multicast address of IPv{version}", f"Write one as {example}")
        if version == 6 and str(address.exploded)[:4] != "ff02":
            raise BadValue("is for more than one link", f"Write one as {example}")
        return str(address)

    return scalar(accept, f"multicast address of IPv{version}")


def _interface_address(value: Any) -> str:
    # ipaddress also takes a netmask, and a bare address as /32 or /128; keepalived's own default is that too. What it
    # takes with a % is of one link.
    try:
        interface = ipaddress.ip_interface(str(value).replace("%", " "))
    except ValueError:
        reason = "is not an IPv4 or IPv6 address with a prefix length"
        raise BadValue(reason, "Write one as 192.0.2.10/32 or 2001:db8::10/128") from None
    alone = f"{interface.ip}/{interface.max_prefixlen}"
    if no_host(interface.ip):
        example = f"{EXAMPLES[interface.version]}/{interface.max_prefixlen}"
        raise BadValue(no_host(interface.ip), f"Write an address that a host can have, as {example}")
    if interface.network.prefixlen == 0:
        raise BadValue("makes the whole internet one network", f"Write {alone}, or the length of its network")
    end = end_of_network(interface.ip, interface.network)
    if end:
        remedy = f"Write {alone} if it is meant, or an address within the network"
        raise BadValue(f"is {end} of {interface.network}, which no host can have", remedy)
    return str(interface)


# A line of keepalived.conf that is longer than this is read as two (MAXBUF of its lib/parser.h, less the indent and
# the keyword); so may be what is a comment.
LONGEST_LINE = 1000


def _fitting(value: str, longest: int) -> str:
    if len(value) > longest:
        raise BadValue(f"has {len(value)} characters", f"Write at most {longest}")
    return str(value)


def text(pattern: str, what: str, remedy: str, longest: int = LONGEST_LINE) -> Reader:
    """Text in which no sign means anything else to keepalived."""

    def accept(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise BadValue(f"is not {_with_article(what)}", remedy)
        return _fitting(value, longest)

    return scalar(accept, what)


def _with_article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiouAEIO" else f"a {what}"


def _network(value: Any) -> str:
    try:
        return str(ipaddress.ip_network(str(value).replace("%", " ")))
    except ValueError:
        remedy = "Write one as 198.51.100.0/24 or 2001:db8::/64, without bits of a host"
        raise BadValue("is not an IPv4 or IPv6 network", remedy) from None


def _granularity(value: Any) -> str:
    """As ipvsadm(8) has it: of IPv4 a netmask, of IPv6 the length of a prefix."""
    told, remedy = str(value), "Write one as 255.255.255.0, or for IPv6 a length as 64"
    if not isinstance(value, bool) and re.fullmatch(r"[1-9][0-9]{0,2}", told) and int(told) <= 128:
        return told
    try:
        network = ipaddress.IPv4Network(f"0.0.0.0/{value}")
    except ValueError:
        raise BadValue("is no netmask", remedy) from None
    # As ipaddress takes a length and a host mask too.
    if str(network.netmask) != told or network.prefixlen == 0:
        raise BadValue("is no netmask", remedy)
    return told


def _destination(value: Any) -> str:
    return "default" if value == "default" else _network(value)


def word(longest: int, taken: Sequence[str] = (), why: str = "") -> Reader:
    """A name.

    longest: what the narrowest of those who read it takes.
    taken: the names that mean something else to one of them, and why.
    """

    def accept(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", value):
            raise BadValue(
                "is not a name", "Write letters, digits, '_', '-' and '.', without spaces; quote what is a number"
            )
        if value in taken:
            raise BadValue(why, "Choose another name")
        return _fitting(value, longest)

    return scalar(accept, "name" if longest == LONGEST_HOST else f"name of at most {longest} characters")


def _domain(value: Any) -> str:
    # RFC 1035, 2.3.4; RFC 2181, 11: what names a host has letters, digits and '-', what names a service '_' too.
    label = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    if not isinstance(value, str) or not re.fullmatch(rf"({label}\.)+{label}\.?", value) or value[-1:].isdigit():
        remedy = "Write all of its labels, of letters, digits and '-', as www.example.com"
        raise BadValue("is not a full domain name", remedy)
    return _fitting(value, LONGEST_HOST)


def _base64(value: Any) -> str:
    try:
        if not isinstance(value, str) or not base64.b64decode(value, validate=True):
            raise ValueError
    except ValueError:
        raise BadValue("is not a secret in base64", "Write it as tsig-keygen or keymgr prints it") from None
    return str(value)


PATH_SIGNS = "A-Za-z0-9/_.%?&=+:@,-"


def _url_path(value: Any) -> str:
    # No comment of keepalived (# !), no variable of nginx or keepalived ($), no end of a line of nginx (;).
    if not isinstance(value, str) or not value.startswith("/"):
        raise BadValue("is not the path of a URL", "Write one that starts with '/'")
    strange = "".join(dict.fromkeys(re.findall(f"[^{PATH_SIGNS}]", value)))
    if strange:
        signs = " ".join("a space" if sign == " " else sign if sign.isprintable() else shown(sign) for sign in strange)
        remedy = (
            "Write letters, digits and / _ . % ? & = + : @ , - alone; % and two hex digits stand for any other sign"
        )
        raise BadValue(f"has {signs}, which keepalived or nginx may read as its own", remedy)
    return _fitting(value, LONGEST_LINE)


NOT_COMPARED = {
    r"\?": "a query",
    r"%": "a sign that is written with %",
    r"//": "two slashes side by side",
    r"/\.\.?(?:/|$)": "a part that is . or ..",
}


def _location(value: Any) -> str:
    """nginx compares C(location =) with a path that it has decoded and made simple, and without its query."""
    path = _url_path(value)
    for pattern, what in NOT_COMPARED.items():
        if re.search(pattern, path):
            raise BadValue(f"has {what}, with which nginx compares no path", "Write a plain one, as /healthz")
    if re.search(r"/at/([0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*)$", path):
        raise BadValue("ends as the paths at which nginx asks itself", "Write another one, as /healthz")
    return path


def _script_file(value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise BadValue("is not the path of a file", "Write one as scripts/notify.sh")
    return str(value)


def script_text(value: Any) -> str:
    """The text of a script that a kernel can run."""
    first = value.split("\n", maxsplit=1)[0] if isinstance(value, str) else ""
    if isinstance(value, str) and not value.strip():
        raise BadValue("is empty", "Write a script that starts with its interpreter, as #!/bin/sh")
    if not re.match(r"#! */\S", first):
        raise BadValue("does not start with the path of its interpreter", "Write that first, as #!/bin/sh")
    if first.endswith("\r"):
        raise BadValue("has lines that end as those of Windows", "End them with a line feed alone")
    return str(value)


# RFC 1035, 2.3.4.
LONGEST_HOST = 253
# Of a cluster and a service both, in the name of one file, with room for what a rotation adds: 255 is the most.
LONGEST_NAME = 63
# IFNAMSIZ of Linux, less the end.
LONGEST_INTERFACE = 15

BOOLEAN = scalar(_boolean, "true or false", "bool")
ADDRESS = scalar(_address, "IPv4 or IPv6 address")
ROUTER = scalar(_router, ADDRESS.accepts)
INTERFACE_ADDRESS = scalar(_interface_address, "IPv4 or IPv6 address/length")
NETWORK = scalar(_network, "IPv4 or IPv6 network")
GRANULARITY = scalar(_granularity, "netmask, or length of IPv6")
DESTINATION = scalar(_destination, "IPv4 or IPv6 network, or default")
WORD = word(LONGEST_HOST)
NAME = word(LONGEST_NAME)
INTERFACE = word(LONGEST_INTERFACE, ["lo"], "is the loopback, on which no other host is")
URL_PATH = scalar(_url_path, "path of a URL")
SCRIPT_FILE = scalar(_script_file, "path of a file")
SCRIPT_TEXT = unshown(scalar(script_text, "text that starts with #!"))
LOCATION = scalar(_location, "path of a URL, without a query")
PORT = integer(1, 65535)
DOMAIN = scalar(_domain, "full domain name")
BASE64 = unshown(scalar(_base64, "text in base64"))
# address(5) knows more, and keepalived no quotation here.
MAIL_ADDRESS = text(r"[A-Za-z0-9._%+=-]+(@[A-Za-z0-9.-]+)?", "mail address", "Write one as root@example.com", 254)
FILE = text(r"/[A-Za-z0-9_.+@/-]+", "path", "Write one that starts with '/', of letters, digits and _ . + @ - alone")
PROGRAM = text(r"[A-Za-z0-9_.+@/-]+", "name of a program", "Write its name, or with full_command its path")
# Of what has no colon, ifconfig(8) would take the label for an interface.
LABEL = text(r"[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+", "label", "Write INTERFACE:WORD, as eth0:web", LONGEST_INTERFACE)


def or_true(reader: Reader) -> Reader:
    """A value, or true where it is to be found by who reads it."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        return value if isinstance(value, bool) else reader(value, path, problems)

    return Reader(read, f"true, or {reader.accepts}", kind="raw")


def choice(names: Sequence[str], what: str) -> Reader:
    """One of the names, spelt as keepalived or nginx spells it."""

    def accept(value: Any) -> str:
        if str(value) not in names:
            raise BadValue(f"is not a known {what}", f"Write one of {', '.join(names)}{meant(str(value), names)}")
        return str(value)

    return scalar(accept, ", ".join(names), choices=names)


def secret(longest: int) -> Reader:
    """Text that no message shows."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        # To keepalived # and ! start a comment, $ and ~ a substitution, quotes and braces end the word.
        if not isinstance(value, str):
            problems.append(Problem(path, None, f"is {_sort_of(value)}, not text", "Quote it in YAML"))
        elif not value:
            problems.append(Problem(path, None, "is empty", f"Write at most {longest} characters, or leave it out"))
        elif not re.fullmatch(r"[A-Za-z0-9%&()*+,./:;<=>?@^_|-]+", value):
            reason = (
                "has a space, a letter of no ASCII, or one of # ! $ ~ \\ ' \" { } [ ] which keepalived reads as its own"
            )
            problems.append(Problem(path, None, reason, "Use ASCII letters, digits and other signs"))
        elif len(value) > longest:
            reason = f"has {len(value)} characters, and keepalived cuts it after {longest}"
            problems.append(Problem(path, None, reason, f"Write at most {longest} characters"))
        else:
            return str(value)
        return None

    return Reader(read, f"text of at most {longest} characters")


def list_of(
    reader: Reader, if_empty: str = "Write at least 1, or leave the whole entry out", repeated: bool = False
) -> Reader:
    """A list, none of it twice. An element that is refused is held as None, so that the others keep their places.

    if_empty: the remedy for a list without an element: it is no order to remove, a template may have come to it.
    repeated: whether an element may come again.
    """

    def read(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
            # A mapping may be what another role means by the same name.
            remedy = "Write a YAML list, even for one" + (f", each entry as {reader.shape}" if reader.shape else "")
            problems.append(Problem(path, None, f"is {_sort_of(value)}, not a list", remedy))
            return None
        if not value:
            problems.append(Problem(path, value, "is empty", if_empty))
            return None
        held: List[Any] = []
        sound: Dict[Any, int] = {}  # two that were refused are alike in what was held of them, not in what was written
        for index, element in enumerate(value):
            here = f"{path}[{index}]"
            before = len(problems)
            got = reader(element, here, problems)
            if len(problems) == before and not repeated:
                first = sound.setdefault(got, index)
                if first < index:
                    problems.append(Problem(here, element, f"is the same as [{first}]", "List it once"))
                    got = held[first]
            held.append(got)
        return tuple(held)

    return Reader(read, f"list: {reader.accepts}", kind="list", element=reader)


def or_listed(reader: Reader) -> Reader:
    """A list, or its only element by itself."""
    several = list_of(reader)

    def read(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            only = reader(value, path, problems)
            return None if only is None else (only,)
        return several(value, path, problems)

    return dataclasses.replace(several, read=read, accepts=f"{reader.accepts}, or list of them", kind="raw")


def _raw_line(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadValue("is no line of text", "Quote it in YAML")
    if not value.isprintable():
        raise BadValue("has a sign that ends a line, or is none", "Write one line of keepalived.conf in each entry")
    if re.match(r"\s*([@$~]|include)", value):
        raise BadValue("is for the reader of the whole file, as all that starts with @ $ ~ or include", "Remove it")
    return _fitting(value, LONGEST_LINE)


RAW_LINES = list_of(scalar(_raw_line, "line of keepalived.conf"), repeated=True)


def _raw_lines(value: Any, path: str, problems: Problems) -> Any:
    before = len(problems)
    lines = RAW_LINES(value, path, problems)
    if len(problems) == before:
        reason = unclosed(lines)
        if reason:
            remedy = "Open and close each block and each quotation within these lines"
            problems.append(Problem(path, None, reason, remedy))
    return lines


def raw_lines() -> Any:
    """The option, last in its table, for what keepalived has in its block and the model has not."""
    reader = dataclasses.replace(RAW_LINES, read=_raw_lines)
    return option(reader, "what keepalived knows here and this table does not, line by line as it is", default=())


def _directives(value: Any, path: str, problems: Problems) -> Any:
    if not isinstance(value, str) or not value.strip():
        problems.append(Problem(path, None, "is no text", 'Write directives of nginx, as raw: "proxy_buffering off;"'))
        return None
    strange = [each for each in value if not each.isprintable() and each not in "\n\t"]
    if strange:
        problems.append(Problem(path, None, f"has {strange[0]!r}, which is no sign of a text", "Remove it"))
        return None
    try:
        parse(value)
    except NotWholeError as error:
        remedy = "Close each block and quotation that these lines open, no other one, and end each directive with ;"
        problems.append(Problem(path, None, str(error), remedy))
        return None
    return value.strip("\n") + "\n"


def raw_directives(where: str) -> Any:
    """The option, last in its table, for what nginx has in its block and the model has not."""
    about = f"what nginx knows {where} and this table does not: its directives as they are, in one text"
    return option(Reader(_directives, "text: directives of nginx"), about, default="")


def require_regex(value: str) -> None:
    """Refuse what is no regular expression; Python reads them as PCRE does, but for sets that it is to have one day."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(value)
    except re.error as error:
        raise BadValue(f"is no regular expression: {error}", "Mend it") from None


def nginx_text(signs: str, what: str, remedy: str) -> Reader:
    """Text for nginx, in which C($) starts one of its own variables and no sign ends the word."""

    def accept(value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(signs, value):
            raise BadValue(f"is not {_with_article(what)}", remedy)
        strange = unknown(value)
        if strange:
            reason = f"has {' and '.join(dict.fromkeys(strange))}, which is no variable of nginx's own"
            raise BadValue(reason, "Write another one, or all of it in raw")
        return _fitting(value, LONGEST_LINE)

    return scalar(accept, what)


def numbered(held: Optional[Sequence[Optional[T]]]) -> Iterator[Tuple[int, T]]:
    """The elements of a list that were not refused and were not there before, with their places in it."""
    seen: Set[int] = set()
    for index, element in enumerate(held or ()):
        if element is not None and id(element) not in seen:
            seen.add(id(element))
            yield index, element


def one_or_more(reader: Reader, none: str) -> Reader:
    """A value or a list of them; the word none is a list of nothing. A value stays one, so that its path does."""
    several = list_of(reader, if_empty=f"Write at least 1, or {none}")

    def read(value: Any, path: str, problems: Problems) -> Any:
        if value == none:
            return ()
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        return (several if is_list else reader)(value, path, problems)

    return dataclasses.replace(
        reader, read=read, accepts=f"{reader.accepts}, list of them, or {none}", shape="", kind="raw"
    )


def one_of_each_family(value: Any, path: str, problems: Problems) -> Any:
    """Addresses by family, that of IPv4 first: one by itself, or a list with at most one of each."""
    held: Dict[str, str] = {}
    several = not isinstance(value, (str, Mapping)) and isinstance(value, Sequence)
    found = list_of(ADDRESS)(value, path, problems) if several else (ADDRESS(value, path, problems),)
    for place, address in numbered(found):
        family = family_of(address)
        if family in held:
            remedy = "Write one of each family; addresses of other interfaces go into lvs_addresses"
            problems.append(
                Problem(f"{path}[{place}]", address, f"is the second of its family beside {held[family]}", remedy)
            )
        held.setdefault(family, address)
    return None if found is None or None in found else dict(sorted(held.items()))


ADDRESSES = Reader(one_of_each_family, f"{ADDRESS.accepts}, or list of one of each", kind="raw")


def words_of(reader: Reader) -> Reader:
    """A value, or a list of them, which stand in one line: they are held as text. A single one stays what it is."""
    several = list_of(reader)

    def read(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
            return reader(value, path, problems)
        held = several(value, path, problems)
        return None if held is None or None in held else " ".join(map(str, held))

    return dataclasses.replace(reader, read=read, accepts=f"{reader.accepts}, or list", kind="raw", choices=())


def mapping_of(reader: Reader, key: str, names: Reader = WORD) -> Reader:
    """Values of one kind by names that are not ours to choose."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, Mapping):
            remedy = f"Write {{{key.upper()}: {reader.accepts}}}"
            problems.append(Problem(path, None, f"is {_sort_of(value)}, not a mapping", remedy))
            return None
        if not value:
            problems.append(Problem(path, value, "is empty", "Write at least 1, or leave the whole entry out"))
            return None
        held = {}
        for name, each in value.items():
            word_, got = names(name, path, problems), reader(each, _join(path, name), problems)
            if word_ is not None and got is not None:
                held[word_] = got
        return held

    return Reader(read, f"mapping: {key} to {reader.accepts}", kind="dict", element=reader)


def table(model: Type[T], shorthand: str = "") -> Reader:
    """A mapping that becomes a model; a bare word may stand for its field named shorthand."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        if shorthand and isinstance(value, str):
            return model(**{shorthand: options(model)[shorthand].metadata["reader"](value, path, problems)})
        if _is_mapping(value, path, list(options(model)), problems):
            return read_table(model, value, path, problems)
        return None

    required = [name for name, field in options(model).items() if field.default is dataclasses.MISSING]
    shape = f"{{{', '.join(f'{name}: ...' for name in required)}}}"
    if shorthand:
        return Reader(read, f"{shorthand}, or mapping", kind="raw", tables={"": model})
    return Reader(read, "mapping", shape, kind="dict", tables={"": model})


def one_of(reader: Reader, names: Sequence[str], beside: Optional[Mapping[str, str]] = None) -> Reader:
    """A mapping that has one of these options, and not two.

    beside: by such an option, another one that it needs, and that goes with no other of them.
    """
    beside = beside or {}
    told = ", ".join(f"{name}: ..." for name in names[:-1])
    known = {name: field for model in reader.tables.values() for name, field in options(model).items()}

    def check_beside(value: Mapping[str, Any], held: str, path: str, problems: Problems) -> None:
        for name, other in beside.items():
            here, given_ = _join(path, other), value.get(other) is not None
            if name == held and not given_:
                problems.append(Problem(here, None, "is missing", f"Write {other}: {known[other].metadata['about']}"))
            elif name != held and given_:
                problems.append(Problem(here, None, f"belongs to {name}", f"Remove it, or write {name} for {held}"))

    def read(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, Mapping) and all(key in known for key in value):
            held = [name for name in names if value.get(name) is not None]
            if len(held) != 1:
                reason = f"has {' and '.join(held)}" if held else f"has none of {', '.join(names)}"
                problems.append(Problem(path, None, reason, f"Write {told} or {names[-1]}: ..."))
                return None
            check_beside(value, held[0], path, problems)
        return reader(value, path, problems)

    shape = reader.shape and f"{reader.shape[:-1]}, {names[0]}: ..., {beside.get(names[0], '')}: ...}}"
    return dataclasses.replace(reader, read=read, shape=shape)


def instead(reader: Reader, name: str, others: Sequence[str]) -> Reader:
    """A mapping that has an option, or some of the others in its place."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, Mapping) and value.get(name) is not None:
            for other in [each for each in others if value.get(each) is not None]:
                reason = f"is told of each {name}, where there are several"
                problems.append(Problem(_join(path, other), None, reason, f"Move it into {name}, or remove {name}"))
        return reader(value, path, problems)

    return dataclasses.replace(reader, read=read)


def variants(models: Sequence[Type[Any]], what: str) -> Reader:
    """A mapping that becomes one of several models; its C(type) says which. An option of another one is refused.

    models: each with the C(keyword) of keepalived.conf that is its type; the first is meant where none is given.
    """
    by_keyword = {model.keyword: model for model in models}
    keyword = choice(list(by_keyword), what)
    known = list(dict.fromkeys(["type", *(name for model in models for name in options(model))]))

    def read(value: Any, path: str, problems: Problems) -> Any:
        if not _is_mapping(value, path, known, problems):
            return None
        given = {key: each for key, each in value.items() if each is not None}
        misspelt = _refuse_unknown(given, known, path, problems)
        told = given.pop("type", None)
        if told is None and "type" in misspelt:
            return None
        model = by_keyword.get(models[0].keyword if told is None else keyword(told, _join(path, "type"), problems))
        if model is None:
            return None
        for name in [each for each in given if each in known and each not in options(model)]:
            owners = [each.keyword for each in models if name in options(each)]
            remedy = f"Remove it, or write type: {' or '.join(owners)}"
            problems.append(Problem(_join(path, name), given[name], f"belongs to {' and '.join(owners)}", remedy))
        return _fill(model, given, misspelt, path, problems)

    return Reader(read, "mapping", kind="dict", tables=by_keyword)


def options(model: Type[Any]) -> Mapping[str, Any]:
    """The model's fields by the name that a user writes."""
    # Kept, as it is asked for each entry of each table.
    if model not in OPTIONS:
        OPTIONS[model] = {field.metadata["name"] or field.name: field for field in dataclasses.fields(model)}
    return OPTIONS[model]


OPTIONS: Dict[Type[Any], Mapping[str, Any]] = {}


def tables_in(entry: Any, path: str) -> Iterator[Tuple[str, Any]]:
    """An entry that is a table, and those within it, each with its path; none that was refused."""
    yield path, entry
    for name, field in options(type(entry)).items():
        value = getattr(entry, field.name)
        if isinstance(value, tuple):
            for place, each in numbered(value):
                if dataclasses.is_dataclass(each):
                    yield from tables_in(each, f"{_join(path, name)}[{place}]")
        elif field.metadata["reader"].tables and dataclasses.is_dataclass(value):
            yield from tables_in(value, _join(path, name))


def given(entry: Any, path: str) -> Iterator[Tuple[str, Any, Any]]:
    """What is written in an entry, or in a table within, and is not its default: its path, its value, its option."""
    for here, each in tables_in(entry, path):
        for name, field in options(type(each)).items():
            value = getattr(each, field.name)
            if value is not None and value != field.default:
                yield _join(here, name), value, field


def read_table(model: Type[T], raw: Mapping[str, Any], path: str, problems: Problems) -> T:
    """The model that raw describes, with defaults where it is silent and None where it is wrong.

    What its C(REFUSED) names is no option, and is refused with what to do in its place.
    """
    told: Mapping[str, Tuple[str, str]] = getattr(model, "REFUSED", {})
    for name in [each for each in raw if each in told]:
        problems.append(Problem(_join(path, name), None, *told[name]))
    known = {name: value for name, value in raw.items() if name not in told}
    return _fill(model, known, _refuse_unknown(known, list(options(model)), path, problems), path, problems)


def _is_mapping(value: Any, path: str, known: Sequence[str], problems: Problems) -> bool:
    if isinstance(value, Mapping):
        return True
    reason = f"is {_sort_of(value)}, not a mapping"
    problems.append(Problem(path, None, reason, f"Write keys such as {', '.join(known)}"))
    return False


def _refuse_unknown(raw: Mapping[str, Any], known: Sequence[str], path: str, problems: Problems) -> Set[str]:
    """Refuses the keys that are not known; the known ones that may have been meant."""
    near: Set[str] = set()
    for key in raw:
        if key not in known:
            near.update(nearest(str(key), known))
            remedy = f"Remove it, or write one of {', '.join(known)}{meant(str(key), known)}"
            # Without its value, which may be a password under a misspelt key.
            problems.append(Problem(_join(path, key), None, "is an unknown key", remedy))
    return near


def _fill(model: Type[T], raw: Mapping[str, Any], misspelt: AbstractSet[str], path: str, problems: Problems) -> T:
    held = {}
    for name, field in options(model).items():
        if raw.get(name) is not None:
            held[field.name] = field.metadata["reader"](raw[name], _join(path, name), problems)
        elif name in misspelt:
            held[field.name] = None
        elif field.default is dataclasses.MISSING:
            problems.append(Problem(_join(path, name), None, "is missing", f"Write {name}: {field.metadata['about']}"))
            held[field.name] = None
        else:
            held[field.name] = field.default
    return model(**held)


def _join(path: str, key: Any) -> str:
    name = str(key) if str(key).isprintable() else shown(key)
    return f"{path}.{name}" if path else name


def _sort_of(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Sequence):
        return "a list"
    # Not the value itself, which may be a password of digits.
    return "empty" if value is None else "true or false" if isinstance(value, bool) else "a number"


def meant(word_: str, known: Sequence[str]) -> str:
    """A question for the end of a remedy; empty where no known word comes close."""
    near = nearest(word_, known)
    return f" (did you mean {near[0]}?)" if near else ""


def nearest(word_: str, known: Sequence[str], most: int = 1) -> Sequence[str]:
    """The known words that come close to a word, the closest first."""
    return difflib.get_close_matches(word_, known, n=most)
