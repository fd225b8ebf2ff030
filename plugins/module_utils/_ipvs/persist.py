# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Where a distribution keeps the table that it restores at boot."""

from __future__ import annotations

import re
from typing import NamedTuple


class Layout(NamedTuple):
    """A distribution's way; its service is called ipvsadm in all of them."""

    # What tells that the distribution's package is there.
    mark: str
    rules: str
    # The file whose AUTO says that the service shall load the rules; without one it always does.
    switch: str = ""


# Debian and Ubuntu: /etc/init.d/ipvsadm, and its successor /usr/libexec/ipvsadm/ipvsadm-load.
DEBIAN = Layout(mark="/etc/default/ipvsadm", rules="/etc/ipvsadm.rules", switch="/etc/default/ipvsadm")
# Fedora and its descendants: ipvsadm.service.
REDHAT = Layout(mark="/etc/sysconfig", rules="/etc/sysconfig/ipvsadm")
LAYOUTS = (DEBIAN, REDHAT)

SERVICE = "ipvsadm"


def switched_on(text: str) -> str:
    """The default file of Debian with AUTO on, and all else as it is."""
    return _switched(text, 'AUTO="true"')


def switched_off(text: str) -> str:
    """The same with AUTO off, as the package has it; a file that does not say so is off already."""
    return _switched(text, 'AUTO="false"') if text else text


def without_rules(text: str) -> str:
    """A file of rules with its comments alone."""
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))


def _switched(text: str, line: str) -> str:
    pattern = re.compile(r"^[ \t]*AUTO=.*$", re.MULTILINE)
    if not pattern.search(text):
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"
    return pattern.sub(line, text)
