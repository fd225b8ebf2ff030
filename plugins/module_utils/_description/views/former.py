# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a host's nginx goes on to answer beside what is described, as keepalived asks by it until it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import parse, place_of
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.questions import NO_PATH, Question, read


@dataclass(frozen=True)
class Former:
    """What is answered on a port.

    by: what answers. C(location) is one in each server of the port, which hands on to the path that is described;
    C(error_page) answers HTTP on a port that speaks TLS; C(server) has a port that is described no more.
    questions: the lines of what is asked.
    """

    by: str
    port: int
    paths: List[str] = field(default_factory=list)
    questions: List[str] = field(default_factory=list)


def former(nginx: Mapping[str, Any], told: Sequence[str]) -> List[Former]:
    """What the file that is there tells, and the description does not.

    nginx: the plain view of the host's nginx. told: the lines of the questions in that file.
    """
    described = [read(line) for line in nginx["questions"]]
    about = {each.about for each in described}
    ssl = {each["port"]: each["ssl"] for each in nginx["servers"]}
    answered = {(each.scheme, each.port, each.path) for each in described}
    # nginx answers its own path on every port, whether or not anybody asks there.
    answered |= {
        ("https" if server["ssl"] else "http", server["port"], health["path"])
        for server in nginx["servers"]
        for health in server["health"]
    }
    found: Dict[Tuple[str, int], Former] = {}
    for line in told:
        question = read(line)
        by = _by(question, ssl, about)
        if by and question[:3] not in answered:
            kept = found.setdefault((by, question.port), Former(by, question.port))
            kept.questions.append(line)
            if question.scheme == "http" or by == "location":
                kept.paths.extend({question.path} - {*kept.paths, NO_PATH})
    return list(found.values())


def _by(question: Question, ssl: Mapping[int, bool], about: Set[str]) -> str:
    """What answers a question; empty where a service has gone with its question, and where nginx does so anyway."""
    if question.port not in ssl:
        return "server" if question.about in about else ""
    if question.scheme == "http":
        return "error_page" if ssl[question.port] else "location"
    # Who asked by TLS a port that has none now, asks what no client can.
    return "location" if question.scheme == "https" and ssl[question.port] else ""


def taken(nginx: Mapping[str, Any]) -> Iterator[Tuple[str, str, int]]:
    """What cannot be answered any more, as a site has the path for something else: the site, the path, the port."""
    for each in nginx["former"]:
        for server in nginx["servers"] if each["by"] == "location" else ():
            if server["port"] == each["port"] and server["health"]:
                raw = [inner.words[1:] for inner in parse("\n".join(server["raw"])) if inner.keyword == "location"]
                places = [place_of(words) for words in [*([place["location"]] for place in server["locations"]), *raw]]
                yield from ((server["name"], path, each["port"]) for path in each["paths"] if f"= {path}" in places)
