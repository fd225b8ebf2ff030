# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a VRRP instance or a group of them watches, in the words of keepalived.conf(5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._description.kinds import (
    BOOLEAN,
    FILE,
    INTERFACE,
    NAME,
    PROGRAM,
    WORD,
    integer,
    list_of,
    option,
    raw_lines,
    seconds,
    table,
    word,
)

# BFD_INAME_MAX of keepalived's bfd.h, less its end, and a point and the place of a neighbour.
LONGEST_BFD = 27


@dataclass(frozen=True)
class Weight:
    """What something that is watched does to a priority."""

    weight: Optional[int] = option(
        integer(-253, 253),
        "added to the priority while all is well or, if it is negative, while it is not; without it, a failure is a "
        "fault, and the host has no part in the instance",
        default=None,
    )
    reverse: bool = option(BOOLEAN, "whether the weight is subtracted, and not added", default=False)


@dataclass(frozen=True)
class Interface:
    """An interface, by its name."""

    interface: str = option(INTERFACE, "the interface", bare=True)


@dataclass(frozen=True)
class Named:
    """What has a name of the user's."""

    name: str = option(NAME, "a name for it", bare=True)


@dataclass(frozen=True)
class TrackedInterface(Weight, Interface):
    """An interface that must be up."""


@dataclass(frozen=True)
class Tracked(Weight, Named):
    """What is watched, by its name in the table that describes it."""


@dataclass(frozen=True)
class Tracks:
    """What is watched."""

    track_interface: Tuple[TrackedInterface, ...] = option(
        list_of(table(TrackedInterface, shorthand="interface")), "interfaces that must be up", default=()
    )
    track_process: Tuple[Tracked, ...] = option(
        list_of(table(Tracked, shorthand="name")), "processes that must run, of lvs_vrrp_track_processes", default=()
    )
    track_file: Tuple[Tracked, ...] = option(
        list_of(table(Tracked, shorthand="name")),
        "files of lvs_vrrp_track_files; the number in it is multiplied by the weight, 1 by default, and added to the "
        "priority; with weight 0, any number but 0 is a fault",
        default=(),
    )
    track_bfd: Tuple[Tracked, ...] = option(
        list_of(table(Tracked, shorthand="name")), "neighbours that must answer, of lvs_bfd_instances", default=()
    )
    track_script: Tuple[Tracked, ...] = option(
        list_of(table(Tracked, shorthand="name")), "scripts that must succeed, of lvs_vrrp_scripts", default=()
    )


@dataclass(frozen=True)
class TrackProcess(Named):
    """C(vrrp_track_process): a process that must run. The kernel tells keepalived of it; one of a container may not."""

    keyword: ClassVar[str] = "vrrp_track_process"

    process: str = option(PROGRAM, "the name of the program, or with full_command what it was started as")
    full_command: bool = option(BOOLEAN, "whether it is compared with the whole command", default=False)
    quorum: Optional[int] = option(integer(1, 65535), "how many of it must run; 1 by default", default=None)
    quorum_max: Optional[int] = option(integer(1, 65535), "how many of it may run", default=None)
    delay: Optional[float] = option(seconds(0.001, 3600), "seconds until a start or an end counts", default=None)
    terminate_delay: Optional[float] = option(seconds(0.001, 3600), "seconds until an end counts", default=None)
    fork_delay: Optional[float] = option(seconds(0.001, 3600), "seconds until a start counts", default=None)
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {"weight": "the weight of what tracks it"}


@dataclass(frozen=True)
class InitFile:
    """C(init_file): what a file starts with."""

    value: int = option(integer(-254, 254), "the number", bare=True)
    overwrite: bool = option(BOOLEAN, "whether it is also written over what is there", default=False)


@dataclass(frozen=True)
class TrackFile(Named):
    """C(track_file): a file with a number in it, which a program or a person writes."""

    keyword: ClassVar[str] = "track_file"

    file: str = option(FILE, "the file, in a folder that is there")
    init_file: Optional[InitFile] = option(
        table(InitFile), "the number that it starts with; by default it is not made", default=None
    )
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {"weight": "the weight of what tracks it"}


@dataclass(frozen=True)
class Between:
    """Between whom neighbours ask each other."""

    name: str = option(word(LONGEST_BFD), "a name for it")
    hosts: Tuple[str, ...] = option(list_of(WORD), "the hosts, each of which asks all the others")
    interface: str = option(INTERFACE, "the interface; by default the one that has the host's address", default="")


@dataclass(frozen=True)
class BfdSettings:
    """How neighbours ask each other."""

    min_rx: Optional[int] = option(
        integer(1, 10000, "milliseconds"),
        "milliseconds between packets that are asked for; 10 by default",
        default=None,
    )
    min_tx: Optional[int] = option(
        integer(1, 10000, "milliseconds"), "milliseconds between packets that are sent; 10 by default", default=None
    )
    idle_tx: Optional[int] = option(
        integer(1000, 10000, "milliseconds"),
        "milliseconds between packets to a neighbour that does not answer; 1000 by default",
        default=None,
    )
    multiplier: Optional[int] = option(integer(1, 255), "how many packets must be missed; 5 by default", default=None)
    ttl: Optional[int] = option(integer(1, 255), "the TTL of packets; 255 by default", default=None)
    max_hops: Optional[int] = option(
        integer(0, 254), "how many routers a packet may have passed; 0 by default", default=None
    )
    raw: Tuple[str, ...] = raw_lines()

    # Keywords that follow from something else, and from what.
    DERIVED: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("neighbor_ip", "neighbour_ip", "source_ip"), "hosts"),
        "weight": "the weight of what tracks it",
    }


@dataclass(frozen=True)
class BfdInstance(BfdSettings, Between):
    """C(bfd_instance): neighbours that ask each other many times a second (RFC 5880), one for each pair of hosts."""
