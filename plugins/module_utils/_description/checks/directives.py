# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What holds for the directives of nginx that a description gives as they are."""

from __future__ import annotations

from typing import Any, Iterator, Set, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import numbered, options, tables_in
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.cluster import Cluster
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.proxies import (
    Location,
    NginxServer,
    NginxSettings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._nginx.grammar import Directive, parse, place_of, within
from ansible_collections.lvs.cluster.plugins.module_utils._problems import Problem

# What a location that asks an upstream says itself, whatever is said around it.
OF_LOCATIONS = ("proxy_pass", "proxy_http_version", "proxy_set_header", "proxy_connect_timeout", "proxy_read_timeout")


def nginx_entries(cluster: Cluster) -> Iterator[Tuple[str, Any]]:
    """What the description has for nginx, each entry with its path."""
    if cluster.lvs_nginx_settings is not None:
        yield "lvs_nginx_settings", cluster.lvs_nginx_settings
    for name in ("lvs_nginx_upstreams", "lvs_nginx_servers"):
        for place, entry in numbered(getattr(cluster, name)):
            yield f"{name}[{place}]", entry


def _raw(cluster: Cluster) -> Iterator[Tuple[str, Any, Tuple[Directive, ...]]]:
    """Each table that has directives of the user's: its path, the table, and these."""
    for start, entry in nginx_entries(cluster):
        for path, each in tables_in(entry, start):
            if getattr(each, "raw", ""):
                yield path, each, parse(each.raw)


def check_directives(cluster: Cluster) -> Iterator[Problem]:
    """Every directive that says what an option says, or takes back what another one says."""
    for path, each, directives in _raw(cluster):
        for directive in directives:
            yield from _check_directive(directive, f"{path}.raw", each)
        if isinstance(each, Location) and each.upstream:
            for inner in (inner for directive in directives for inner in within(directive.block or ())):
                if inner.keyword == "proxy_set_header":
                    reason = "stands in a block, where it takes away all headers that are set around it"
                    yield Problem(f"{path}.raw", inner.keyword, reason, "Write it outside of the block, or a location")
        if isinstance(each, NginxServer):
            yield from _check_places(directives, f"{path}.raw", each)
            blocks = [directive.block or () for directive in directives if directive.keyword == "if"]
            for inner in (inner for block in blocks for inner in block):
                if inner.keyword in ("return", "rewrite"):
                    reason = "stands in an if around all locations, and answers checks too"
                    yield Problem(f"{path}.raw", inner.keyword, reason, "Write the if in raw of a location")


def _check_directive(directive: Directive, path: str, entry: Any) -> Iterator[Problem]:
    keyword = directive.keyword
    refused, derived = getattr(entry, "REFUSED", {}), getattr(entry, "DERIVED", {})
    if keyword in refused:
        yield Problem(path, keyword, *refused[keyword])
    elif keyword in derived:
        yield Problem(path, keyword, f"follows from {derived[keyword]}", "Remove the line")
    elif keyword in options(type(entry)) and getattr(entry, options(type(entry))[keyword].name) not in ("", ()):
        yield Problem(path, keyword, f"is said by the option {keyword}", "Remove the line, or the option")
    elif isinstance(entry, Location) and entry.upstream and keyword in ("proxy_pass", "root", "alias", "return"):
        yield Problem(path, keyword, "is not what the option upstream says", "Remove the line, or the option")
    elif isinstance(entry, Location) and entry.root and keyword == "alias":
        yield Problem(path, keyword, "names a folder, as the option root does", "Remove the line, or the option")
    elif isinstance(entry, (NginxServer, NginxSettings)) and keyword == "auth_request":
        reason = "asks somebody about checks too, and a host would be out for what that one answers"
        yield Problem(path, keyword, reason, "Write it in raw of the locations")
    elif isinstance(entry, (NginxServer, NginxSettings)) and keyword in OF_LOCATIONS:
        reason = "has no effect on a location with an upstream, which says it itself"
        yield Problem(path, keyword, reason, "Write it in raw of the location")


def _check_places(directives: Tuple[Directive, ...], path: str, server: NginxServer) -> Iterator[Problem]:
    """A location that the site has already, or twice in these."""
    taken: Set[str] = {place_of([each.location]) for _place, each in numbered(server.locations) if each.location}
    taken.update([f"= {server.health_path}", *(["/"] if server.return_ else [])])
    for directive in directives:
        if directive.keyword == "location":
            place = place_of(directive.words[1:])
            if place in taken:
                reason = "is a location of this site, or its return or health_path, already"
                yield Problem(path, " ".join(directive.words), reason, "Write another one")
            taken.add(place)


def directive_remarks(cluster: Cluster) -> Iterator[str]:
    """A line for each text of directives, so that a run tells what nobody but nginx has checked."""
    for path, each, _directives in _raw(cluster):
        yield f"{path}.raw goes into nginx's configuration as it is: {' '.join(each.raw.split())}"
