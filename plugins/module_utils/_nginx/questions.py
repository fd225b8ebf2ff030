# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What keepalived asks an nginx, as a file of nginx's configuration tells it: what answers there is written beside."""

from __future__ import annotations

import re
from typing import List, NamedTuple

# A connection alone has no path.
NO_PATH = "-"
TOLD = re.compile(r"^# asked: ((?:http|https|tcp) \d+ \S+ about \S+)$", re.MULTILINE)


class Question(NamedTuple):
    """How nginx is asked whether it serves.

    scheme: C(http), C(https), or C(tcp) for a connection alone; path: one that nginx answers itself.
    about: what gets no more requests without an answer: a service by its address and port, or an instance.
    """

    scheme: str
    port: int
    path: str
    about: str

    def __str__(self) -> str:
        return f"{self.scheme} {self.port} {self.path} about {self.about}"


def read(line: str) -> Question:
    """A question from its line."""
    scheme, port, path, _about, about = line.split(" ")
    return Question(scheme, int(port), path, about)


def told(text: str) -> List[str]:
    """The lines of the questions that a file tells."""
    return TOLD.findall(text)
