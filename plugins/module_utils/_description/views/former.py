# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a host's nginx goes on to answer beside what is described, as keepalived asks by it until it is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import EVERY, endpoint
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import parse, place_of
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.questions import NO_PATH, Question, read


@dataclass(frozen=True)
class Also:
    """A server that listens on a port that is described no more, beside its own.

    name, port: which server. listen: words behind C(listen). paths: what it answers there beside its own.
    """

    name: str
    port: int
    listen: Sequence[str]
    paths: Sequence[str]


@dataclass(frozen=True)
class Former:
    """What is answered on a port.

    by: what answers. C(location) is one in each server of the port, which hands on to the path that is described;
    C(error_page) answers HTTP on a port that speaks TLS. A port that is described no more is that of the servers in
    also, with C(listen), so that clients are served on; or, where no site can speak as it did, of a C(server) that
    answers checks alone.
    questions: the lines of what is asked. listen: the host's own addresses at the port, as C(listen) has them.
    """

    by: str
    port: int
    paths: List[str] = field(default_factory=list)
    questions: List[str] = field(default_factory=list)
    also: Sequence[Also] = ()
    listen: Sequence[str] = ()


def former(nginx: Mapping[str, Any], told: Sequence[str]) -> List[Former]:
    """What the file that is there tells, and the description does not.

    nginx: the plain view of the host's nginx. told: the lines of the questions in that file.
    """
    described = [read(line) for line in nginx["questions"]]
    about = {each.about for each in described}.union(*(server["about"] for server in nginx["servers"]))
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
            if question.scheme == "http" or by in ("location", "server"):
                kept.paths.extend({question.path} - {*kept.paths, NO_PATH})
    return _served(nginx["servers"], list(found.values()))


def _served(servers: Sequence[Mapping[str, Any]], told: Sequence[Former]) -> List[Former]:
    """The same, with the sites that go on to listen on ports that are described no more."""
    answered = {
        (server["name"], server["port"]): {
            *(health["path"] for health in server["health"]),
            *(path for each in told if (each.by, each.port) == ("location", server["port"]) for path in each.paths),
        }
        for server in servers
    }
    found = []
    for each in told:
        behind = _behind(servers, [read(line) for line in each.questions]) if each.by == "server" else []
        own = _own(servers, each.port)
        listens = _listens(behind, each.port, own)
        also = []
        for server, listen in zip(behind, listens):
            known = answered[server["name"], server["port"]]
            # Where there is no answer of ours, as on a port with TLS that is for no site, there is none to hand on to.
            paths = [path for path in each.paths if path not in known] if server["health"] else []
            known.update(paths)
            also.append(Also(server["name"], server["port"], listen, paths))
        found.append(replace(each, by="listen" if also else each.by, also=also, listen=own))
    return found


def _own(servers: Sequence[Mapping[str, Any]], port: int) -> List[str]:
    """A port of the host's own addresses, of IPv6 where nginx has others of that."""
    every = EVERY["ipv6"]
    told = {words.split()[0] for server in servers for words in server["listen"]}
    has_six = any(endpoint(every, server["port"]) in told for server in servers)
    return [str(port), *([endpoint(every, port)] if has_six else [])]


def _listens(behind: Sequence[Mapping[str, Any]], port: int, own: Sequence[str]) -> List[List[str]]:
    """Words behind C(listen) of each server: one that takes all does so on its virtual addresses there too."""
    end = f":{port}"
    held = {socket for server in behind if server["takes_all"] for socket in server["about"] if socket.endswith(end)}
    defaults: Set[str] = set()
    found = []
    for server in behind:
        words = []
        for socket in [*own, *(each for each in server["about"] if each in held)]:
            is_default = socket not in defaults and (server["takes_all"] or not server["name"])
            defaults.update([socket] if is_default else [])
            ends = [*(["ssl"] if server["ssl"] else []), *(["default_server"] if is_default else [])]
            words.append(" ".join([socket, *ends]))
        found.append(words)
    return found


def _behind(servers: Sequence[Mapping[str, Any]], questions: Sequence[Question]) -> List[Mapping[str, Any]]:
    """What answered on a port: a server of each site, those that take all first, and what is for no site."""
    asked = {(each.scheme == "https", each.about) for each in questions if each.scheme != "tcp"}
    sites: Dict[str, Mapping[str, Any]] = {}
    names: Set[str] = set()
    for server in sorted(servers, key=lambda server: not server["takes_all"]):
        is_meant = any((server["ssl"], about) in asked for about in server["about"])
        # A name twice on a port is none: it stays with the site that takes all, or else with the first.
        if server["name"] and is_meant and server["name"] not in sites and not names & set(server["server_name"]):
            sites[server["name"]] = server
            names.update(server["server_name"])
    ports = [server["port"] for server in sites.values()][:1]
    ours = [server for server in servers if not server["name"] and server["port"] in ports]
    return [*sites.values(), *ours]


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
        also = {(other["name"], other["port"]): other["paths"] for other in each["also"]}
        for server in nginx["servers"]:
            own = each["paths"] if each["by"] == "location" and server["port"] == each["port"] else []
            paths = [*own, *also.get((server["name"], server["port"]), [])]
            if paths and server["health"]:
                raw = [inner.words[1:] for inner in parse("\n".join(server["raw"])) if inner.keyword == "location"]
                places = [place_of(words) for words in [*([place["location"]] for place in server["locations"]), *raw]]
                yield from ((server["name"], path, each["port"]) for path in paths if f"= {path}" in places)
