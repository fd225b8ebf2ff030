# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Options within an option, as AnsibleModule would check and convert them, in one pass.

AnsibleModule walks every one of them eight times, which for ten thousand servers took longer than all else together.
Here a value of the right type costs one look; any other goes through Ansible's own conversion, so that "80" and "yes"
mean what they mean everywhere.
"""

from __future__ import annotations

import difflib
from typing import Any, Callable, Collection, List, Mapping, NamedTuple, Sequence

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_int,
    check_type_list,
    check_type_str,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.spec import TABLE_SERVICE, Spec
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError, Problem

Problems = List[Problem]
LONGEST_QUOTE = 60


class Kind(NamedTuple):
    """A type of Ansible: the type that a plain value has, how others become it, and what it is called."""

    plain: type
    convert: Callable[[Any], Any]
    name: str

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        """The value in this type; None for what cannot be."""
        if value.__class__ is self.plain:
            return value
        try:
            return self.convert(value)
        except (TypeError, ValueError):
            problems.append(Problem(path, _quoted(value), f"is not {self.name}"))
            return None


KINDS = {
    "str": Kind(str, check_type_str, "text"),
    "int": Kind(int, check_type_int, "a whole number"),
    "bool": Kind(bool, check_type_bool, "true or false"),
    "list": Kind(list, check_type_list, "a list"),
    "dict": Kind(dict, check_type_dict, "a dictionary of options"),
}


class Option(NamedTuple):
    """One of a specification's options."""

    kind: Kind
    choices: Sequence[str]
    elements: Kind | None
    inner: Options | None

    def read(self, given: Any, path: str, problems: Problems) -> Any:
        """The value as a module gets it; None for one that is not given, or cannot be."""
        value = None if given is None else self.kind.read(given, path, problems)
        if value is None or self.elements is None:
            if value is not None and self.choices and value not in self.choices:
                problems.append(Problem(path, _quoted(value), f"must be one of: {', '.join(self.choices)}"))
            return value
        read = [self.elements.read(each, f"{path}[{number}]", problems) for number, each in enumerate(value)]
        if self.inner is None:
            return read
        return [
            each if each is None else self.inner.read(each, f"{path}[{number}]", problems)
            for number, each in enumerate(read)
        ]


class Options:
    """The options of a specification."""

    def __init__(self, spec: Spec) -> None:
        self._options = {
            name: Option(
                KINDS[each["type"]],
                each.get("choices", ()),
                KINDS[each["elements"]] if "elements" in each else None,
                Options(each["options"]) if "options" in each else None,
            )
            for name, each in spec.items()
        }
        self._plain = {
            name: (each.kind.plain, each.choices) for name, each in self._options.items() if not each.elements
        }
        self._required = [name for name, each in spec.items() if each.get("required")]

    def read(self, given: Mapping[str, Any], path: str, problems: Problems) -> Mapping[str, Any]:
        """What is given, as a module gets it; what is left out stays so."""
        converted = {}
        for name, value in given.items():
            plain, choices = self._plain.get(name, (None, ()))
            if value.__class__ is plain and (not choices or value in choices):
                continue
            if name in self._options:
                converted[name] = self._options[name].read(value, f"{path}.{name}", problems)
            else:
                problems.append(Problem(f"{path}.{name}", None, "there is no such option", _which(name, self._options)))
        for name in self._required:
            if given.get(name) is None:
                problems.append(Problem(f"{path}.{name}", None, "missing", f"Write the {name}"))
        return {**given, **converted} if converted else given


def _which(name: Any, known: Collection[str]) -> str:
    near = difflib.get_close_matches(str(name), known, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}Supported parameters include: {', '.join(sorted(known))}"


def _quoted(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."


SERVICE = Options(TABLE_SERVICE)


def given_services(services: Sequence[Mapping[str, Any]], path: str = "services") -> list[Mapping[str, Any]]:
    """The services of a table with all values in their types; all problems at once."""
    problems: Problems = []
    read = [SERVICE.read(each, f"{path}[{number}]", problems) for number, each in enumerate(services)]
    if problems:
        raise OptionsError(problems)
    return read
