# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The kinds of value that a description is made of, and how a table of them is read.

A table is a frozen dataclass whose fields are made with L(option). Reading never stops at the first
fault: a value that is refused becomes a L(Problem) and is read as None, so that the checks that
follow can still look at everything else and skip what is None.
"""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import re
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, Type, TypeVar

from .problems import Problem, Refused, shown

T = TypeVar("T")
Problems = List[Problem]


@dataclasses.dataclass(frozen=True)
class Reader:
    """What turns the value at a path into what the model holds, or adds to the problems and gives None.

    accepts: which values it takes, for the documentation.
    shape: how one that is no single word is written.
    """

    read: Callable[[Any, str, Problems], Any]
    accepts: str
    shape: str = ""

    def __call__(self, value: Any, path: str, problems: Problems) -> Any:
        return self.read(value, path, problems)


def option(reader: Reader, about: str, name: str = "", **default: Any) -> Any:
    """A field of a table: how it is read, one line about it, and C(default=) unless it is required.

    name: what the user writes, where that is no Python identifier (C(mh-port)).
    """
    metadata = {"reader": reader, "about": about, "name": name}
    return dataclasses.field(metadata=metadata, **default)  # pylint: disable=invalid-field-call # it is a field's value


def scalar(accept: Callable[[Any], Any], accepts: str) -> Reader:
    """A reader from a function that returns the value to hold or raises L(Refused)."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        try:
            return accept(value)
        except Refused as refused:
            problems.append(Problem(path, value, refused.reason, refused.remedy))
            return None

    return Reader(read, accepts)


def integer(low: int, high: int, unit: str = "") -> Reader:
    """A whole number from low to high; text of digits counts, as templates often give text."""
    bounds = f"a whole number from {low} to {high}" + (f" ({unit})" if unit else "")

    def accept(value: Any) -> int:
        # Python refuses to read text of thousands of digits.
        if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,999}", str(value).strip()):
            raise Refused("is not a whole number", f"Write {bounds}")
        number = int(value)
        if not low <= number <= high:
            raise Refused("is out of range", f"Write {bounds}")
        return number

    return scalar(accept, f"{low} to {high}")


def seconds(low: float, high: float) -> Reader:
    """A time in seconds; fractions are kept (0.1 stays 0.1), whole numbers are held as int."""
    bounds = f"seconds from {low:g} to {high:g}"

    def accept(value: Any) -> float:
        try:
            number = float("nan" if isinstance(value, bool) else value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not low <= number <= high:
            raise Refused("is not a time in this range", f"Write {bounds}")
        return int(number) if number == int(number) else number

    return scalar(accept, f"{low:g} to {high:g}, with fractions")


def _boolean(value: Any) -> bool:
    # Text counts: `-e lvs_sync_daemon=false` gives text.
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    known = words.get(str(value).lower())
    if known is None:
        raise Refused("is neither true nor false", "Write true or false")
    return known


def _address(value: Any) -> str:
    try:
        return str(ipaddress.IPv4Address(str(value)))
    except ValueError:
        raise Refused("is not an IPv4 address", "Write one as 192.0.2.10") from None


def _interface_address(value: Any) -> str:
    # ipaddress also takes a netmask, and a bare address as /32; keepalived's own default is /32 too.
    try:
        return str(ipaddress.IPv4Interface(str(value)))
    except ValueError:
        raise Refused("is not an IPv4 address with a prefix length", "Write one as 192.0.2.10/32") from None


def _word(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", value):
        raise Refused(
            "is not a name", "Write letters, digits, '_', '-' and '.', without spaces; quote what is a number"
        )
    return str(value)


def _url_path(value: Any) -> str:
    # No comment of keepalived (# !), no variable of nginx or keepalived ($), no end of a line of nginx (;).
    if not isinstance(value, str) or not re.fullmatch(r"/[A-Za-z0-9/_.%?&=+:@,-]*", value):
        raise Refused(
            "is not the path of a URL", "Write one that starts with '/' and has no spaces, quotes or # ! $ ; ~"
        )
    return str(value)


BOOLEAN = scalar(_boolean, "true or false")
ADDRESS = scalar(_address, "IPv4 address")
INTERFACE_ADDRESS = scalar(_interface_address, "IPv4 address/length")
WORD = scalar(_word, "name")
URL_PATH = scalar(_url_path, "path of a URL")
PORT = integer(1, 65535)


def choice(names: Sequence[str], what: str) -> Reader:
    """One of the names, spelt as keepalived or nginx spells it."""

    def accept(value: Any) -> str:
        if str(value) not in names:
            raise Refused(f"is not a known {what}", f"Write one of {', '.join(names)}{_meant(str(value), names)}")
        return str(value)

    return scalar(accept, ", ".join(names))


def secret(longest: int) -> Reader:
    """Text that no message shows."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        # To keepalived # and ! start a comment, $ and ~ a substitution, quotes and braces end the word.
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9%&()*+,./:;<=>?@^_|-]+", value):
            reason = "is not text, or has a space or one of # ! $ ~ \\ ' \" { } [ ] which keepalived reads as its own"
            problems.append(Problem(path, None, reason, "Quote it in YAML, and use letters, digits and other signs"))
        elif len(value) > longest:
            reason = f"has {len(value)} characters, and keepalived cuts it after {longest}"
            problems.append(Problem(path, None, reason, f"Write at most {longest} characters"))
        else:
            return str(value)
        return None

    return Reader(read, f"text of at most {longest} characters")


def list_of(reader: Reader, if_empty: str = "Write at least 1, or leave the whole entry out") -> Reader:
    """A list, none of it twice. An element that is refused is held as None, so that the others keep their places.

    if_empty: the remedy for a list without an element: it is no order to remove, a template may have come to it.
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
            if len(problems) == before:
                first = sound.setdefault(got, index)
                if first < index:
                    problems.append(Problem(here, element, f"is the same as [{first}]", "List it once"))
                    got = held[first]
            held.append(got)
        return tuple(held)

    return Reader(read, f"list: {reader.accepts}")


def numbered(held: Optional[Sequence[Optional[T]]]) -> Iterator[Tuple[int, T]]:
    """The elements of a list that were not refused and were not there before, with their places in it."""
    seen: Set[int] = set()
    for index, element in enumerate(held or ()):
        if element is not None and id(element) not in seen:
            seen.add(id(element))
            yield index, element


def mapping_of(reader: Reader, key: str) -> Reader:
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
            word_, got = WORD(name, path, problems), reader(each, _join(path, name), problems)
            if word_ is not None and got is not None:
                held[word_] = got
        return held

    return Reader(read, f"mapping: {key} to {reader.accepts}")


def table(model: Type[T], shorthand: str = "") -> Reader:
    """A mapping that becomes a model; a bare word may stand for its field named shorthand."""

    def read(value: Any, path: str, problems: Problems) -> Any:
        if shorthand and isinstance(value, str):
            value = {shorthand: value}
        if not isinstance(value, Mapping):
            reason = f"is {_sort_of(value)}, not a mapping"
            problems.append(Problem(path, None, reason, f"Write keys such as {', '.join(options(model))}"))
            return None
        return read_table(model, value, path, problems)

    required = [name for name, field in options(model).items() if field.default is dataclasses.MISSING]
    shape = f"{{{', '.join(f'{name}: ...' for name in required)}}}"
    return Reader(read, f"{shorthand}, or mapping" if shorthand else "mapping", "" if shorthand else shape)


def options(model: Type[Any]) -> Dict[str, Any]:
    """The model's fields by the name that a user writes."""
    return {field.metadata["name"] or field.name: field for field in dataclasses.fields(model)}


def read_table(model: Type[T], raw: Mapping[str, Any], path: str, problems: Problems) -> T:
    """The model that raw describes, with defaults where it is silent and None where it is wrong."""
    known = options(model)
    misspelt: Set[str] = set()
    for key in raw:
        if key not in known:
            misspelt.update(nearest(str(key), list(known)))
            remedy = f"Remove it, or write one of {', '.join(known)}{_meant(str(key), list(known))}"
            # Without its value, which may be a password under a misspelt key.
            problems.append(Problem(_join(path, key), None, "is an unknown key", remedy))
    held = {}
    for name, field in known.items():
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


def _meant(word_: str, known: Sequence[str]) -> str:
    near = nearest(word_, known)
    return f" (did you mean {near[0]}?)" if near else ""


def nearest(word_: str, known: Sequence[str], most: int = 1) -> Sequence[str]:
    """The known words that come close to a word, the closest first."""
    return difflib.get_close_matches(word_, known, n=most)
