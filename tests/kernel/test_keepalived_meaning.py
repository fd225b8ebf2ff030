"""What is described, a running keepalived reads back with the same meaning, and the kernel's table is that."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.held import alone
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.model.globals import MOST_GARPS
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._host.keepalived import Keepalived, data_signal
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.belief import believed
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.status import (
    parse_check_data,
    parse_sync_daemon,
    parse_vrrp_addresses,
    parse_vrrp_data,
    parse_vrrp_terms,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import too_old
from ansible_collections.lvs.cluster.tests.kernel.conftest import run, run_command, running_keepalived, sh
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import HOSTS
from golden.descriptions import HOSTS6, INTERFACE, LARGE, accepted, check_ten, found_in, read_script, variables_with
from golden.programs import keepaliveds, render_keepalived, version_of, without_scripts

DIRECTOR = "lvs1"
PROGRAMS = keepaliveds()
# A scheduler and an engine that User-Mode Linux has not.
MISSING = ("twos", "sip")
# Servers that are in the table until a check fails.
START = {f"lvs_virtual_servers[{place}].alpha": False for place in range(7)}
# Read between two descriptions: what a reload carries over, as servers that failed, is no part of a meaning.
BLANK = f"""
global_defs {{
    router_id blank
}}
vrrp_instance blank {{
    interface {INTERFACE}
    virtual_router_id 200
    virtual_ipaddress {{
        203.0.113.200
    }}
}}
virtual_server fwmark 9 {{
    lb_algo rr
    lb_kind DR
    real_server 203.0.113.201 80 {{
        weight 1
    }}
}}
"""


class Director:
    """A keepalived that is told one description after the other."""

    def __init__(self, program: str, directory: Path, process: subprocess.Popen[str]) -> None:
        self._program = program
        self._directory = directory
        self._process = process

    def known(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Those of the changes that this version is not refused."""
        version = version_of(self._program)
        needs = viewed(changes)["keepalived"]["needs"]
        refused = [need["path"] for need in needs if too_old(version, [need])]
        return accepted(
            {path: [value] for path, value in changes.items() if not any(each.startswith(path) for each in refused)}
        )

    def tell(self, view: Mapping[str, Any]) -> dict[str, str]:
        """What its processes say of themselves when both have read what the view comes to."""
        self._load(BLANK, "blank")
        return self._load(without_scripts(render_keepalived(view), view), view["keepalived"]["router_id"])

    def _load(self, configuration: str, router_id: str) -> dict[str, str]:
        (self._directory / "keepalived.conf").write_text(configuration)
        self._process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 30
        while True:
            said = self.ask()
            assert len(said) == 2, (self._directory / "log").read_text(errors="replace")[-2000:]
            if all(re.search(rf"^ Router ID = {router_id}$", text, re.MULTILINE) for text in said.values()):
                return said
            assert time.monotonic() < deadline, (self._directory / "log").read_text(errors="replace")[-2000:]

    def ask(self) -> dict[str, str]:
        keepalived = Keepalived.running(str(self._directory / "keepalived.pid"), "/tmp")
        assert keepalived, (self._directory / "log").read_text(errors="replace")[-2000:]
        readers = keepalived.data(data_signal(run_command, self._program), timeout=20)
        return {name: read(str) for name, read in readers.items()}


@pytest.fixture(scope="module")
def director(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Director]:
    program: str = request.param
    directory = tmp_path_factory.mktemp("meaning")
    # A dummy interface has no multicast.
    sh(f"ip link add {INTERFACE} type veth peer name peer0 && sysctl -qw net.ipv6.conf.{INTERFACE}.accept_dad=0")
    sh(f"ip link set peer0 up && ip link set {INTERFACE} up")
    sh(f"ip addr add {HOSTS[DIRECTOR]}/24 dev {INTERFACE} && ip addr add {HOSTS6[DIRECTOR]}/64 dev {INTERFACE}")
    run(["ipvsadm", "-C"])
    try:
        with running_keepalived(directory, BLANK, "Entering BACKUP STATE", program) as process:
            yield Director(program, directory, process)
    finally:
        sh(f"ip link del {INTERFACE}")


def described(view: Mapping[str, Any]) -> dict[str, Any]:
    """The description, in the words below."""
    keepalived = view["keepalived"]
    daemon = keepalived["lvs_sync_daemon"]
    bound = {"vrrp_instance": daemon["vrrp_instance"]} if daemon and daemon["vrrp_instance"] else {}
    return {
        "lvs_sync_daemon": daemon and {"interface": daemon["interface"], "syncid": daemon["id"], **bound},
        "instances": [
            described_instance(each, dict(keepalived["global_defs"])) for each in keepalived["vrrp_instances"]
        ],
        "services": [described_service(each) for each in keepalived["virtual_servers"]],
    }


# The keyword of an instance, that of C(global_defs), the name in the dump, and what holds where neither is written.
GARP = (
    ("garp_master_delay", "vrrp_garp_master_delay", "Gratuitous ARP delay", 5),
    ("garp_master_repeat", "vrrp_garp_master_repeat", "Gratuitous ARP repeat", 5),
    ("garp_master_refresh", "vrrp_garp_master_refresh", "Gratuitous ARP refresh", 0),
    ("garp_master_refresh_repeat", "vrrp_garp_master_refresh_repeat", "Gratuitous ARP refresh repeat", 1),
)


# By multicast, adverts of IPv6 are sent from the interface's own address of the link.
OF_LINK = "fe80::"


def described_instance(each: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    lines, is_ipv6 = dict(each["lines"]), ":" in each["virtual_ipaddress"][0]
    mails = [
        source[name]
        for source, name in ((lines, "smtp_alert"), (whole, "smtp_alert_vrrp"), (whole, "smtp_alert"))
        if name in source
    ]
    return {
        "name": each["name"],
        "virtual_router_id": each["virtual_router_id"],
        "family": 6 if is_ipv6 else 4,
        "version": each["version"],
        "priority": each["priority"],
        "advert_int": each["advert_int"],
        "preempt": "disabled" if each["nopreempt"] else "enabled",
        "preempt_delay": each["preempt_delay"],
        "authentication": "SIMPLE_PASSWORD" if each["auth_pass"] else "none" if each["version"] == 2 else "",
        "password": each["auth_pass"],
        "interface": each["interface"],
        "source": each["unicast_src_ip"] or each["mcast_src_ip"] or (OF_LINK if is_ipv6 else HOSTS[DIRECTOR]),
        "unicast_peer": each["unicast_peer"],
        "mcast_group": each["mcast_group"],
        "virtual_ipaddress": each["virtual_ipaddress"],
        "virtual_ipaddress_excluded": each["virtual_ipaddress_excluded"],
        "settings": {
            **{told: str(lines.get(own, whole.get(all_, none))) for own, all_, told, none in GARP},
            "Down timer adverts": str(lines.get("down_timer_adverts", 3)),
            "Accept": "disabled"
            if "no_accept" in lines or ("strict_mode" in lines and "accept" not in lines)
            else "enabled",
            "Using smtp notification": "yes" if mails[:1] == [True] else "no",
        },
        "watched": {
            "Tracked interfaces": [watched(words, "") for words, _true in lines.get("track_interface", ())],
            "Tracked files": [watched(words, ",") for words, _true in lines.get("track_file", ())],
            "Tracked BFDs": [watched(words, ":") for words, _true in lines.get("track_bfd", ())],
        },
    }


def watched(words: str, sign: str) -> str:
    """As the dump has it: a sign behind the name, and always a weight, which a file has without one too."""
    name, *rest = words.split()
    return " ".join([f"{name}{sign}", *(rest or ["weight", "1" if sign == "," else "0"])])


def described_service(service: Mapping[str, Any]) -> dict[str, Any]:
    # Of a service whose servers are drained keepalived makes both smaller, and says so; 0 less 1 is 2**32 - 1.
    quorum = min(service["quorum"], sum(each["weight"] for each in service["real_servers"]))
    hysteresis = service["hysteresis"] if service["hysteresis"] < quorum else (quorum - 1) % 2**32
    lines = dict(service["lines"])
    same = ("lb_algo", "lb_kind", "ops", "delay_loop", "persistence_timeout", "alpha")
    address, _space, port = service["sorry_server"].partition(" ")
    method = lines.get("sorry_server_lvs_method", service["lvs_method"])
    sorry = (address, int(port or 0), method, "sorry_server_inhibit" in lines)
    # A single address is what holds without.
    granularity = service["persistence_granularity"]
    return {
        **{name: service[name] for name in same},
        "served": served(service),
        "protocol": "none" if service["fwmark"] else service["protocol"].lower(),
        "lb_flags": sorted(service["lb_flags"]),
        "persistence_granularity": "" if granularity == "255.255.255.255" else granularity,
        "quorum": quorum,
        "hysteresis": hysteresis,
        "sorry_server": sorry if service["sorry_server"] else "",
        "virtualhost": lines.get("virtualhost", ""),
        "omega": "omega" in lines,
        "ha_suspend": "ha_suspend" in lines,
        "real_servers": [described_server(each, service) for each in service["real_servers"]],
    }


def served(service: Mapping[str, Any]) -> list[tuple[str, int]]:
    """What clients come to: an address and a port or several, or a mark."""
    if service.get("fwmark"):
        return [("fwmark", service["fwmark"])]
    return [(each["address"], each["port"]) for each in service.get("sockets") or [service]]


def described_server(server: Mapping[str, Any], service: Mapping[str, Any]) -> dict[str, Any]:
    same = ("address", "port", "weight", "inhibit_on_failure")
    return {
        **{name: server[name] for name in same},
        "lvs_method": dict(server["lines"]).get("lvs_method", service["lvs_method"]),
        "uthreshold": server["uthreshold"] or 0,
        "lthreshold": server["lthreshold"] or 0,
        "virtualhost": dict(server["lines"]).get("virtualhost", ""),
        "checkers": in_order([described_checker(each, server, service) for each in server["checkers"]]),
    }


def in_order(checkers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """keepalived has those of files behind all others."""
    return sorted(checkers, key=lambda each: str(each["type"]))


def described_checker(
    checker: Mapping[str, Any], server: Mapping[str, Any], service: Mapping[str, Any]
) -> dict[str, Any]:
    # What is described nearest holds.
    lines = {"alpha": service["alpha"], **dict(service["lines"]), **dict(server["lines"]), **dict(checker["lines"])}
    own, kind = dict(checker["lines"]), checker["keyword"]
    told: dict[str, Any] = {"type": kind}
    if kind == "FILE_CHECK":
        return {**told, "track_file": own["track_file"]}
    told["alpha"] = lines["alpha"] is True
    if kind == "BFD_CHECK":
        return {**told, "name": own["name"]}
    delay_loop = own.get("delay_loop", service["delay_loop"])
    told |= {
        "delay_loop": delay_loop,
        "warmup": lines.get("warmup", delay_loop),
        "retry": own["retry"],
        # Without a retry there is nothing to wait for.
        "delay_before_retry": own["delay_before_retry"] if own["retry"] else 0,
        "log_all_failures": "log_all_failures" in own,
    }
    if kind == "MISC_CHECK":
        return {**told, "timeout": own.get("misc_timeout", 0), "dynamic": "misc_dynamic" in own}
    bound = f"[{own['bindto']}]:{own.get('bind_port', 0)}" if "bindto" in own else ""
    told |= {
        "to": f"[{own.get('connect_ip', server['address'])}]:{own.get('connect_port', server['port'])}",
        "connect_timeout": own["connect_timeout"],
        "bindto": bound,
        "bind_if": own.get("bind_if", ""),
        "fwmark": own.get("fwmark", 0),
    }
    return {**told, **described_question(kind, own, checker["lines"])}


def described_question(kind: str, own: Mapping[str, Any], lines: Sequence[Any]) -> dict[str, Any]:
    """What a server is asked."""
    if kind == "SMTP_CHECK":
        return {"helo_name": own.get("helo_name", "smtpchecker.keepalived.org")}
    if kind == "DNS_CHECK":
        return {"name": own["name"], "query_type": own.get("type", "SOA")}
    if kind == "UDP_CHECK":
        reply = own.get("require_reply", "")
        octets = len("" if reply is True else reply.replace(" ", "")) // 2
        return {
            "payload": len(own.get("payload", "").replace(" ", "")) // 2,
            "reply": (octets, own.get("min_reply_length", 0), own.get("max_reply_length", 255)) if reply else None,
        }
    if kind not in ("HTTP_GET", "SSL_GET"):
        return {}
    return {
        "http_protocol": own.get("http_protocol", "1.0"),
        "fast_recovery": "fast_recovery" in own,
        "enable_sni": "enable_sni" in own,
        "url": [described_url(dict(value)) for keyword, value in lines if keyword == "url"],
    }


def described_url(lines: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "path": lines["path"],
        "status_code": statuses(str(lines["status_code"])),
        "virtualhost": lines.get("virtualhost", ""),
        "digest": lines.get("digest", "").lower(),
        "regex": re.sub(r"\\\\", r"\\", lines.get("regex", "")),
        "regex_no_match": "regex_no_match" in lines,
        "offsets": (lines.get("regex_min_offset") or 0, lines.get("regex_max_offset")),
    }


def statuses(words: str) -> set[int]:
    """All of some ranges."""
    bounds = (each.partition("-") for each in words.split())
    return {status for low, _minus, high in bounds for status in range(int(low), int(high or low) + 1)}


def read_back(said: Mapping[str, str]) -> dict[str, Any]:
    """The same of what a keepalived says that it runs."""
    vrrp, check = said["keepalived.data"], said["keepalived_check.data"]
    services = parse_check_data(check)
    health: dict[str, list[str]] = {}
    for title, lines in re.findall(r"^ ((?:\[|FWM).* -> .*)\n((?:   .*\n)*)", check, re.MULTILINE):
        health.setdefault(title, []).append(lines)
    return {
        "lvs_sync_daemon": parse_sync_daemon(vrrp),
        "instances": [
            {
                **terms,
                "source": OF_LINK if terms["source"].startswith(OF_LINK) else terms["source"],
                "priority": state["priority"],
                "preempt": value(lines, "Preempt"),
                "preempt_delay": number(value(lines, "Preempt delay") or "0 secs"),
                "authentication": value(lines, "Authentication type"),
                "virtual_ipaddress": virtual_addresses(lines, r"Virtual IP \(\d+\)"),
                "virtual_ipaddress_excluded": virtual_addresses(lines, "Virtual IP Excluded "),
                "settings": {
                    name: value(lines, name)
                    for name in (
                        *(told for _own, _all, told, _none in GARP),
                        "Down timer adverts",
                        "Accept",
                        "Using smtp notification",
                    )
                },
                "watched": {
                    name: [line.strip() for line in below(lines, f"{name} ")]
                    for name in ("Tracked interfaces", "Tracked files", "Tracked BFDs")
                },
            }
            for terms, state, lines in zip(
                parse_vrrp_terms(vrrp), parse_vrrp_data(vrrp), blocks(vrrp, "VRRP Instance = .*"), strict=True
            )
        ],
        "services": [
            service_read_back(service, re.split(r".*< Real server >.*\n", lines), health)
            for service, lines in zip(services, blocks(check, "VS (?:VIP|FWMARK|GROUP) = .*"), strict=True)
        ],
    }


def service_read_back(
    service: Mapping[str, Any], parts: Sequence[str], health: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    lines, *servers = parts
    sorry = service.get("sorry_server")
    same = ("lb_algo", "lb_kind", "ops", "quorum")
    return {
        **{name: service[name] for name in same},
        "served": served(service),
        "protocol": "none" if "fwmark" in service else service["protocol"],
        "lb_flags": sorted(service["lb_flags"]),
        "delay_loop": number(value(lines, "delay_loop")),
        "persistence_timeout": service.get("persistence_timeout", 0),
        "persistence_granularity": service.get("persistence_granularity", ""),
        "alpha": "alpha is ON" in lines,
        "hysteresis": number(value(lines, "hysteresis")),
        "sorry_server": (sorry["address"], sorry["port"], method_read_back(sorry), sorry["inhibit_on_failure"])
        if sorry
        else "",
        "virtualhost": value(lines, "VirtualHost"),
        "omega": "omega is ON" in lines,
        "ha_suspend": "Using HA suspend" in lines,
        "real_servers": [
            server_read_back(server, own, health.get(label(service, server), ()))
            for server, own in zip(service["real_servers"], servers, strict=True)
        ],
    }


def label(service: Mapping[str, Any], server: Mapping[str, Any]) -> str:
    protocol = service.get("protocol", "none")
    (client, port), *_others = served(service)
    own = f"[{client}]:{protocol}:{port}"
    if "fwmark" in service:
        own = f"FWM {service['fwmark']}"
    elif "group" in service:
        own = f"[{service['group']}]:0"
    return f"{own} -> [{server['address']}]:{protocol}:{server['port']}"


def server_read_back(server: Mapping[str, Any], lines: str, checkers: Sequence[str]) -> dict[str, Any]:
    same = ("address", "port", "weight", "inhibit_on_failure", "uthreshold", "lthreshold")
    assert len(checkers) == len(server["checkers"])
    return {
        **{name: server[name] for name in same},
        "lvs_method": method_read_back(server),
        "virtualhost": value(lines, "VirtualHost").strip("'"),
        "checkers": in_order([checker_read_back(each) for each in checkers]),
    }


def method_read_back(server: Mapping[str, Any]) -> str:
    gue = f" type gue port {server['tun_port']}" if server.get("tun_type") == "gue" else ""
    return f"{server['lb_kind']}{gue}"


def checker_read_back(lines: str) -> dict[str, Any]:
    kind = value(lines, "Keepalive method").partition(",")[0]
    told: dict[str, Any] = {"type": kind}
    if kind == "FILE_CHECK":
        return {**told, "track_file": value(lines, "Tracked file")}
    told["alpha"] = value(lines, "Alpha") == "yes"
    if kind == "BFD_CHECK":
        return {**told, "name": value(lines, "Name")}
    told |= {
        "delay_loop": number(value(lines, "Delay loop")),
        "warmup": number(value(lines, "Warmup")),
        "retry": number(value(lines, "Retries")),
        "delay_before_retry": number(value(lines, "Delay before retry") or "0 us"),
        "log_all_failures": value(lines, "Log all failures") == "yes",
    }
    if kind == "MISC_CHECK":
        return {**told, "timeout": number(value(lines, "timeout")), "dynamic": value(lines, "dynamic") == "YES"}
    told |= {
        "to": value(lines, "Dest"),
        "connect_timeout": number(value(lines, "Timeout")),
        "bindto": value(lines, "Bind to"),
        "bind_if": value(lines, "Bind i/f"),
        "fwmark": number(value(lines, "Mark") or "0"),
    }
    return {**told, **question_read_back(kind, lines)}


def question_read_back(kind: str, lines: str) -> dict[str, Any]:
    if kind == "SMTP_CHECK":
        return {"helo_name": value(lines, "helo")}
    if kind == "DNS_CHECK":
        return {"name": value(lines, "Name"), "query_type": value(lines, "Type")}
    if kind == "UDP_CHECK":
        reply = ("Reply data len", "Min reply length", "Max reply length")
        needed = value(lines, "Require reply") == "yes"
        return {
            "payload": number(value(lines, "Payload len") or "0"),
            "reply": tuple(number(value(lines, each)) for each in reply) if needed else None,
        }
    if kind not in ("HTTP_GET", "SSL_GET"):
        return {}
    return {
        "http_protocol": re.findall(r"http protocol (\S+)$", lines, re.MULTILINE)[0],
        "fast_recovery": "Fast recovery set" in lines,
        "enable_sni": "Enable SNI set" in lines,
        "url": [url_read_back(each) for each in lines.split("Checked url = ")[1:]],
    }


def url_read_back(lines: str) -> dict[str, Any]:
    (codes,) = re.findall(r"HTTP Status Code\(s\)\n((?: {7}[0-9-]+\n)+)", lines)
    high = value(lines, "max_offset")
    return {
        "path": lines.partition("\n")[0],
        "status_code": statuses(codes),
        "virtualhost": value(lines, "Virtual host"),
        "digest": value(lines, "digest"),
        "regex": value(lines, "Regex"),
        "regex_no_match": "Regex no match" in lines,
        "offsets": (
            number((value(lines, "Regex min offset") or "0").partition(",")[0]),
            number(high) if high else None,
        ),
    }


def below(lines: str, title: str) -> list[str]:
    listed = re.search(rf"^ +{title}:\n((?:     .*\n)*)", lines, re.MULTILINE)
    return listed[1].splitlines() if listed else []


def virtual_addresses(lines: str, title: str) -> list[str]:
    """With their lengths, of which keepalived leaves out that of a single address."""
    words = [line.split()[0] for line in below(lines, title)]
    return [each if "/" in each else alone(each) for each in words]


def blocks(text: str, title: str) -> list[str]:
    """The lines below each title, as far as they are indented more."""
    return re.findall(rf"^ {title}\n((?:   .*\n)*)", text, re.MULTILINE)


def value(lines: str, name: str) -> str:
    """What stands behind a name, in a line of its own or behind a comma."""
    found = re.search(rf"(?:^ +|, ){re.escape(name)} = (.*)$", lines, re.MULTILINE)
    return found[1] if found else ""


def number(text: str) -> float:
    """Seconds, or what has no unit."""
    count, _space, unit = text.partition(" ")
    return float(count) / (1_000_000 if unit == "us" else 1)


def viewed(changes: dict[str, Any]) -> dict[str, Any]:
    return inventory.view(variables_with({**START, **changes}), DIRECTOR, read_script)


def differences(director: Director, changes: dict[str, Any]) -> list[str]:
    """What a running keepalived, or the kernel, has otherwise than it is described."""
    view = viewed(changes)
    said = director.tell(view)
    return [*unlike(described(view), read_back(said)), *unlike_the_kernel(director, said)]


def unlike(one: Any, other: Any, path: str = "") -> list[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        return [each for key in one for each in unlike(one[key], other[key], f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            each
            for place, pair in enumerate(zip(one, other, strict=True))
            for each in unlike(*pair, f"{path}[{place}]")
        ]
    return [] if one == other else [f"{path}: {one!r} is described, {other!r} runs"]


# While it serves, keepalived does not say what its weight is.
NOT_TOLD = "a sorry_server that is also a real_server has no weight that can be told"


def unlike_the_kernel(director: Director, said: Mapping[str, str]) -> list[str]:
    """What the table has otherwise than follows from the above and from which servers are alive, which may change."""
    deadline = time.monotonic() + 3
    while True:
        vrrp, check = said["keepalived.data"], said["keepalived_check.data"]
        services = parse_check_data(check)
        belief = believed(parse_vrrp_data(vrrp), parse_vrrp_addresses(vrrp), services, parse_sync_daemon(check))
        believes = belief.table or {}
        not_told = [each for each in belief.left_alone if each.endswith(NOT_TOLD)]
        table = Ipvsadm(run_command, "ipvsadm").table()
        told = {key: pool for key, pool in table.items() if key in believes}
        many = sum(len(each.get("sockets", [each])) for each in services)
        if told == believes and len(table) == many == len(told) + len(not_told):
            return []
        if time.monotonic() > deadline:
            left_alone = "\n".join(belief.left_alone)
            return [f"the kernel has\n{render(table)}and keepalived believes\n{render(believes)}{left_alone}"]
        said = director.ask()


LOWEST = {
    "lvs_vrrp_instances[0].virtual_router_id": 1,
    "lvs_vrrp_instances[0].advert_int": 1,
    "lvs_vrrp_instances[0].preempt_delay": 0.001,
    "lvs_vrrp_instances[0].authentication": {"auth_pass": "|"},
    "lvs_vrrp_instances[1].version": 3,
    "lvs_vrrp_instances[1].preempt": False,
    "lvs_vrrp_instances[1].unicast": False,
    "lvs_vrrp_instances[1].advert_int": 0.01,
    "lvs_vrrp_instances[1].virtual_ipaddress[1]": "203.0.113.10/1",
    "lvs_vrrp_instances[2].unicast": False,
    "lvs_vrrp_instances[2].virtual_ipaddress[1]": "2001:db8::109/1",
    "lvs_virtual_servers[6].persistence_timeout": 1,
    "lvs_virtual_servers[6].persistence_granularity": 1,
    "lvs_virtual_servers[0].port": 1,
    "lvs_virtual_servers[0].delay_loop": 0.001,
    "lvs_virtual_servers[0].persistence_timeout": 1,
    "lvs_virtual_servers[0].real_servers[0]": {"host": "web1", "weight": 0},
    "lvs_virtual_servers[0].check": {
        "type": "HTTP_GET",
        "status_code": 100,
        "connect_port": 1,
        "connect_timeout": 0.001,
        "retry": 1,
        "delay_before_retry": 0,
    },
    "lvs_virtual_servers[1].real_servers": [{"host": "web1", "weight": 0}, {"host": "web2", "weight": 0}],
}
HIGHEST = {
    "lvs_vrrp_instances[0].virtual_router_id": 255,
    "lvs_vrrp_instances[0].advert_int": 255,
    "lvs_vrrp_instances[0].preempt_delay": 1000,
    "lvs_vrrp_instances[0].authentication": {"auth_pass": "%&()*+,:"},
    "lvs_vrrp_instances[1].version": 3,
    "lvs_vrrp_instances[1].advert_int": 40.95,
    "lvs_vrrp_instances[1].preempt_delay": 999.999,
    "lvs_vrrp_instances[2].advert_int": 40.95,
    "lvs_virtual_servers[6].port": 65535,
    "lvs_virtual_servers[6].persistence_timeout": 2678400,
    "lvs_virtual_servers[6].persistence_granularity": 128,
    "lvs_virtual_servers[6].lb_kind": "NAT",
    "lvs_virtual_servers[0].port": 65535,
    "lvs_virtual_servers[0].lb_algo": "mh",
    "lvs_virtual_servers[0].mh-port": True,
    "lvs_virtual_servers[0].delay_loop": 86400,
    "lvs_virtual_servers[0].persistence_timeout": 2678400,
    "lvs_virtual_servers[0].real_servers": [{"host": "web1", "weight": 65535}, {"host": "web2", "weight": 65535}],
    "lvs_virtual_servers[0].quorum": 2 * 65535,
    "lvs_virtual_servers[0].hysteresis": 2 * 65535 - 1,
    "lvs_virtual_servers[0].check": {
        "type": "HTTP_GET",
        "status_code": 599,
        "connect_port": 65535,
        "connect_timeout": 3600,
        "retry": 1000,
        "delay_before_retry": 3600,
    },
    "lvs_virtual_servers[1].real_servers": [{"host": "web1", "weight": 0}, {"host": "web2", "weight": 65535}],
    "lvs_virtual_servers[1].lb_algo": "sh",
    "lvs_virtual_servers[1].sh-port": True,
    "lvs_virtual_servers[1].alpha": True,
    "lvs_virtual_servers[1].inhibit_on_failure": True,
    "lvs_virtual_servers[1].quorum": 2**31 - 1,
    "lvs_virtual_servers[1].hysteresis": 2**31 - 2,
    "lvs_virtual_servers[1].sorry_server": "app1",
    "lvs_virtual_servers[1].lb_kind": "TUN",
    "lvs_virtual_servers[1].tun_type": "gue",
    "lvs_virtual_servers[1].tun_port": 65535,
}
ENDS = {"the lowest": LOWEST, "the highest": HIGHEST, **LARGE}


@pytest.mark.parametrize("director", PROGRAMS, indirect=True)
@pytest.mark.parametrize("changes", ENDS.values(), ids=ENDS)
def test_the_ends_of_what_is_accepted_a_running_keepalived_reads_back(
    director: Director, changes: dict[str, Any]
) -> None:
    assert inventory.described(variables_with(changes), DIRECTOR, read_script)[2] == []
    assert differences(director, changes) == []


@pytest.mark.parametrize("director", PROGRAMS, indirect=True)
def test_a_master_that_repeats_as_often_as_it_may_goes_on_to_answer(director: Director) -> None:
    """It sends them all in one go: of 2**31 it came to no end."""
    often = {"garp_master_repeat": MOST_GARPS, "advert_int": 0.05}
    director.tell(viewed({f"lvs_vrrp_instances[2].{key}": value for key, value in often.items()}))
    deadline = time.monotonic() + 30
    while "MASTER" not in [each["state"] for each in parse_vrrp_data(director.ask()["keepalived.data"])]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("director", "number"), [(PROGRAMS[each % len(PROGRAMS)], each) for each in range(4)], indirect=["director"]
)
def test_what_is_described_a_running_keepalived_reads_back(director: Director, number: int) -> None:
    def check(description: dict[str, list[Any]]) -> None:
        had = {path: [each for each in values if each not in MISSING] for path, values in description.items()}
        changes = director.known(accepted({path: values for path, values in had.items() if values}))
        found, changes = found_in(changes, lambda some: differences(director, some))
        assert found == [], changes

    check_ten(number, check)
