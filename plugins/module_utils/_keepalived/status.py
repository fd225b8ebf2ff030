# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""What a running keepalived says of itself in the files that it writes when it is signalled.

C(keepalived.json) has the VRRP instances, where keepalived was built with JSON. C(keepalived.data) has them as text
in every build, and C(keepalived_check.data) the virtual servers, of which there is no JSON up to keepalived 2.3.4.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterator, Sequence

Dict_ = Dict[str, Any]

# vrrp.h: VRRP_STATE_*; greater ones are on their way to one of these.
STATES = {0: "INIT", 1: "BACKUP", 2: "MASTER", 3: "FAULT"}

# check/check_data.c: dump_forwarding_method(), and the words that ipvs_server has for them.
CHECKSUMS = {"no checksum": "none", "checksum": "csum", "remote checksum": "remcsum"}
SCHEDULER_FLAGS = ("flag-1", "flag-2", "flag-3", "sh-port", "sh-fallback", "mh-port", "mh-fallback")

# core/global_data.c: dump_global_data(). The VRRP process has found the instance of the name that others know.
SYNC_DAEMON: tuple[tuple[str, str, type], ...] = (
    ("vrrp_instance", r"syncd vrrp (?:instance|name) =", str),
    ("interface", r"syncd interface =", str),
    ("syncid", r"syncd syncid =", int),
    ("sync_maxlen", r"syncd maxlen =", int),
    ("mcast_group", r"mcast group", str),
    ("mcast_port", r"syncd mcast port =", int),
    ("mcast_ttl", r"syncd mcast ttl =", int),
)


class StatusError(ValueError):
    """A file that keepalived did not write, or not as the versions do that are known."""


def parse_json(text: str) -> list[Dict_]:
    """The instances of C(keepalived.json)."""
    try:
        dump = json.loads(text)
    except ValueError as error:
        raise StatusError(f"keepalived.json: {error}") from None
    # json_version 1, the default, is a list; from 2 on the list is under a key.
    entries = dump.get("vrrp", []) if isinstance(dump, dict) else dump
    return [_json_instance(entry["data"], entry.get("stats", {})) for entry in entries]


def _json_instance(data: Dict_, stats: Dict_) -> Dict_:
    return {
        "name": data["iname"],
        "state": STATES.get(data["state"], "TRANSITION"),
        "wanted_state": STATES.get(data["wantstate"], "TRANSITION"),
        "interface": data["ifp_ifname"],
        "virtual_router_id": data["vrid"],
        "version": data["version"],
        "priority": data["base_priority"],
        "effective_priority": data["effective_priority"],
        "virtual_ipaddress": [_address(each) for each in data.get("vips", [])],
        "virtual_ipaddress_excluded": [_address(each) for each in data.get("evips", [])],
        "holds_virtual_ipaddress": bool(data["vipset"]),
        "last_transition": float(data["last_transition"]),
        "counters": {name: int(number) for name, number in stats.items()},
    }


def _address(text: str) -> str:
    """The address of C(192.0.2.10 dev eth0 scope global set)."""
    return text.split(maxsplit=1)[0].partition("/")[0]


def parse_vrrp_data(text: str) -> list[Dict_]:
    """The instances of C(keepalived.data); it has no counters."""
    instances = []
    for _number, title, lines in _blocks(text, r"VRRP Instance = "):
        values = _values(lines)
        addresses = _addresses(lines, r"Virtual IP \(\d+\):")
        instances.append(
            {
                "name": title,
                "state": values["State"],
                "wanted_state": values["Wantstate"],
                # C(vrrp.51, vmac on eth0)
                "interface": values["Interface"].split(",")[0],
                "virtual_router_id": int(values["Virtual Router ID"]),
                "version": int(values["VRRP Version"]),
                "priority": int(values["Priority"]),
                "effective_priority": int(values["Effective priority"]),
                "virtual_ipaddress": [_address(each) for each in addresses],
                "virtual_ipaddress_excluded": [
                    _address(each) for each in _addresses(lines, r"Virtual IP Excluded .*:")
                ],
                "holds_virtual_ipaddress": any(" set" in each for each in addresses),
                "last_transition": float(values["Last transition"].split()[0]),
                "counters": {},
            }
        )
    return instances


def parse_vrrp_terms(text: str) -> list[Dict_]:
    """What the instances of C(keepalived.data) must agree on with their other directors; C(password) is one of it."""
    found = []
    for _number, title, lines in _blocks(text, r"VRRP Instance = "):
        values = _values(lines)
        interval, unit = values["Advert interval"].split()
        group = re.search(r"^ +Multicast address ([^\s,]+)", "\n".join(lines), re.MULTILINE)
        found.append(
            {
                "name": title,
                "virtual_router_id": int(values["Virtual Router ID"]),
                "family": 6 if any(line.strip() == "Using Native IPv6" for line in lines) else 4,
                "version": int(values["VRRP Version"]),
                "advert_int": int(interval) / (1000 if unit == "milli-sec" else 1),
                "password": values.get("Password", ""),
                "virtual_ipaddress": [_address(each) for each in _addresses(lines, r"Virtual IP \(\d+\):")],
                "source": values["Using src_ip"].split()[0],
                "unicast_peer": [line.split()[0] for line in _below(lines, r"Unicast Peer :") if " min_ttl " in line],
                "mcast_group": group[1] if group else "",
                # That of C(vrrp.51, vmac on eth0, xmit base i/f) is described as eth0.
                "interface": re.sub(r"^.*, (?:vmac|ipvlan) on ([^,]+).*$", r"\1", values["Interface"]),
            }
        )
    return found


def _addresses(lines: Sequence[str], title: str) -> list[str]:
    return [line.strip() for line in _below(lines, title) if re.match(r"[0-9a-fA-F.:]+(/\d+)? .*dev ", line.strip())]


def parse_check_data(text: str) -> list[Dict_]:
    """The virtual servers of C(keepalived_check.data), each with its real servers and what their checkers say."""
    body, _title, health = text.partition("< Health checkers >")
    checkers = list(_checkers(health))
    groups = _groups(body)
    return [
        _virtual_server(lines, checkers, groups) for _number, _title, lines in _blocks(body, r"-+< Virtual server >-+")
    ]


def _groups(body: str) -> dict[str, list[Dict_]]:
    """What clients come to, by the name of each C(virtual_server_group)."""
    return {
        re.split(r"[ ,]", title)[0]: [
            _group_entry(values)
            for values in (_values([line]) for line in lines)
            if {"VIP", "VIP Range", "FWMARK"} & set(values)
        ]
        for _number, title, lines in _blocks(body, r"Virtual Server Group = ")
    }


def _group_entry(values: dict[str, str]) -> Dict_:
    if "FWMARK" in values:
        mark, _space, family = values["FWMARK"].partition(" ")
        return {"fwmark": int(mark), "family": "ipv6" if family == "IPv6" else "ipv4"}
    port = {"port": int(values["VPORT"])}
    return {"address": values["VIP"], **port} if "VIP" in values else {"range": values["VIP Range"], **port}


def _virtual_server(
    lines: Sequence[str], checkers: Sequence[tuple[str, str, Dict_]], groups: dict[str, list[Dict_]]
) -> Dict_:
    own, *servers = _split(lines, r"\s*-+< Real server >-+")
    values = _values(own)
    protocol = values["protocol"].lower()
    server: Dict_ = {}
    if "VS FWMARK" in values:
        server["fwmark"] = int(values["VS FWMARK"])
        server["family"] = "ipv6" if values.get("Address family") == "inet6" else "ipv4"
        label = f"FWM {server['fwmark']}"
    elif "VS VIP" in values:
        server.update(protocol=protocol, address=values["VS VIP"], port=int(values["VPORT"]))
        label = f"[{server['address']}]:{protocol}:{server['port']}"
    else:
        label = values["VS GROUP"]  # C([web]:0)
        name = re.sub(r"^\[(.*)\]:\d+$", r"\1", label)
        server.update(protocol=protocol, group=name, sockets=groups.get(name, []))
    # keepalived forgets the word "default" before tunnels other than IPIP.
    forwarding = values.get("default forwarding method") or values["forwarding method"]
    server.update(
        lb_algo=values["lvs_sched"],
        lb_flags=[name for name in SCHEDULER_FLAGS if values.get(name) == "enabled"],
        # C(enabled (inactive due to not UDP))
        ops=values["One packet scheduling"].startswith("enabled"),
        lb_kind=_lb_kind(forwarding),
        quorum=int(values["quorum"].split(",")[0]),
        quorum_up=values["quorum_state_up"] == "1",
        alive=(values.get("VS alive") or values["alive"]) == "1",
    )
    if "persistence timeout" in values:
        server["persistence_timeout"] = int(values["persistence timeout"])
    if "persistence granularity" in values:
        server["persistence_granularity"] = values["persistence granularity"]
    sorry = _sorry_server(own, server["quorum_up"])
    if sorry:
        server["sorry_server"] = sorry
    server["real_servers"] = [_real_server(each, protocol, label, checkers) for each in servers]
    return server


def _sorry_server(lines: Sequence[str], quorum_up: bool) -> Dict_ | None:
    """Where requests go while there is no quorum."""
    for number, line in enumerate(lines):
        found = re.match(r"\s+sorry server (\(duplicates rs\) )?= \[(.*)\]:\w+:(\d+)$", line)
        if found:
            values = _values(lines[number + 1 :])
            # keepalived 2.2 does not say whether it is in use; what decides is the same in both.
            in_use = values["alive"] == "1" if "set" in values else not quorum_up
            return {
                "address": found[2],
                "port": int(found[3]),
                **_forwarding(values["forwarding method"]),
                "inhibit_on_failure": _inhibits(lines[number + 1 :]),
                "is_real_server": bool(found[1]),
                "in_use": in_use,
            }
    return None


def _real_server(
    lines: Sequence[str], protocol: str, service: str, checkers: Sequence[tuple[str, str, Dict_]]
) -> Dict_:
    values = _values(lines)
    label = f"[{values['RIP']}]:{protocol}:{values['RPORT']}"
    lower, _arrow, upper = values["connection limit range"].partition(" -> ")
    return {
        "address": values["RIP"],
        "port": int(values["RPORT"]),
        **_forwarding(values["forwarding method"]),
        "weight": int(values["initial weight"]),
        "effective_weight": int(values["effective weight"]),
        "uthreshold": int(upper),
        "lthreshold": int(lower),
        "inhibit_on_failure": _inhibits(lines),
        "alive": values["alive"] == "1",
        "in_table": values["RS set"] == "1",
        "failed_checkers": int(values["num failed checkers"]),
        "checkers": [checker for vs, rs, checker in checkers if (vs, rs) == (service, label)],
    }


def _lb_kind(text: str) -> str:
    """The kind of C(TUN, type = IPIP)."""
    return text.split(",", maxsplit=1)[0]


def _forwarding(text: str) -> Dict_:
    """How packets get to a server, as C(TUN, type = GUE, port = 6080, no checksum)."""
    kind, *words = text.split(", ")
    values = _values(words)
    told: Dict_ = {"lb_kind": kind}
    if "type" in values:
        told["tun_type"] = values["type"].lower()
    if "port" in values:
        told["tun_port"] = int(values["port"])
    if words and words[-1] in CHECKSUMS:
        told["tun_checksum"] = CHECKSUMS[words[-1]]
    return told


def _inhibits(lines: Sequence[str]) -> bool:
    return any(line.strip() == "Inhibit on failure is ON" for line in lines)


def parse_sync_daemon(text: str) -> Dict_ | None:
    """The sync daemon of the global definitions, which both files have; none if none is configured.

    Without an instance keepalived runs both halves. What it leaves to the kernel is not there.
    """
    found: Dict_ = {}
    for name, pattern, kind in SYNC_DAEMON:
        match = re.search(rf"^ LVS {pattern} (\S+)$", text, re.MULTILINE)
        if match:
            found[name] = kind(match[1])
    return found if "interface" in found else None


def parse_vrrp_addresses(text: str) -> dict[str, list[tuple[str, str]]]:
    """The addresses of each instance in C(keepalived.data), excluded ones too, each with its interface."""
    return {
        title: [
            (_address(each), _interface(each))
            for each in [*_addresses(lines, r"Virtual IP \(\d+\):"), *_addresses(lines, r"Virtual IP Excluded .*:")]
        ]
        for _number, title, lines in _blocks(text, r"VRRP Instance = ")
    }


def parse_scripts(text: str) -> list[list[str]]:
    """The words of each script in one of the files that keepalived would run, in order."""
    # C('/usr/bin/logger' 'master', uid:gid 0:0)
    commands = re.findall(r"^ .*(?:[Ss]cript|Command|params) = ('.*')", text, re.MULTILINE)
    return [command[1:-1].split("' '") for command in commands]


def _interface(text: str) -> str:
    """The interface of C(192.0.2.10 dev vrrp.51@eth0 scope global set)."""
    words = text.split()
    return words[words.index("dev") + 1].partition("@")[0]


def _checkers(text: str) -> Iterator[tuple[str, str, Dict_]]:
    """Each checker with the labels of its virtual and its real server."""
    for _number, title, lines in _blocks(text, r"(?=\s(?:\[|FWM ).* -> \[)"):
        service, _arrow, server = title.partition(" -> ")
        values = _values(lines)
        yield (
            service.strip(),
            server.strip(),
            {
                "type": values["Keepalive method"].split(",")[0],
                "enabled": values["Enabled"] == "yes",
                "up": values["Up"] == "yes",
                "has_run": values["Has run"] == "yes",
            },
        )


def _blocks(text: str, start: str) -> Iterator[tuple[int, str, list[str]]]:
    """Parts of a text that start with a line of this beginning: its number, what follows it, and the lines after."""
    found: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        begins = re.match(rf"\s?{start}", line)
        if begins:
            found.append((number, line[begins.end() :].strip(), []))
        elif line.startswith("------<") and found:
            break
        elif found:
            found[-1][2].append(line)
    yield from found


def _split(lines: Sequence[str], separator: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if re.fullmatch(separator, line):
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _values(lines: Sequence[str]) -> dict[str, str]:
    """C(name = value) of each line, the first one where a name comes again; some lines have several."""
    values: dict[str, str] = {}
    for line in lines:
        for name, value in re.findall(
            r"([A-Za-z][A-Za-z0-9 _-]*?) = (.*?)(?=, VPORT =|, RPORT =|, WEIGHT =|$)", line.strip()
        ):
            values.setdefault(name.strip(), value.strip())
    return _Missing(values)


class _Missing(Dict[str, str]):
    def __missing__(self, name: str) -> str:
        raise StatusError(f"keepalived's dump says nothing of '{name}'; this version of it is not known")


def _below(lines: Sequence[str], title: str) -> Iterator[str]:
    """The lines that are indented more than a title, up to the first that is not."""
    depth = -1
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if depth >= 0:
            if indent <= depth:
                return
            yield line
        elif re.fullmatch(title, line.strip()):
            depth = indent
