"""What the breaks of a scenario are made of; tests/red.py makes them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One break: commands on hosts, or other words in files of a copy of the checkout; and the tests it turns red."""

    name: str
    #: As pytest -k takes them: every one of them must fail.
    tests: str
    on: dict[str, str] = field(default_factory=dict)
    undo: dict[str, str] = field(default_factory=dict)
    #: By file: the words that are there, and those in their place.
    edits: dict[str, tuple[str, str]] = field(default_factory=dict)


def everywhere(hosts: str, command: str) -> dict[str, str]:
    """The same command on several hosts."""
    return dict.fromkeys(hosts.split(), command)


def edit_live(path: str, expression: str, reload: str) -> tuple[str, str]:
    """Commands that change a live configuration and bring it back, each followed by a reload."""
    return (
        f"cp -p {path} /var/tmp/kept && sed -i '{expression}' {path} && {reload}",
        f"mv /var/tmp/kept {path} && {reload}",
    )


# What several scenarios break.
KEEPALIVED = "/etc/keepalived/keepalived.conf"
ARP = "for i in all lo eth0; do sysctl -qw net.ipv4.conf.$i.arp_ignore={} net.ipv4.conf.$i.arp_announce={}; done"


def answers_arp(tests: str, host: str) -> Row:
    return Row("a real server answers arp", tests, {host: ARP.format(0, 0)}, {host: ARP.format(1, 2)})


def has_address(name: str, tests: str, host: str, address: str) -> Row:
    length = ipaddress.ip_address(address).max_prefixlen
    return Row(
        name,
        tests,
        {host: f"ip address add {address}/{length} dev eth0{' nodad' if length > 32 else ''}"},
        {host: f"ip address delete {address}/{length} dev eth0"},
    )


def edited(name: str, tests: str, hosts: str, edit: tuple[str, str]) -> Row:
    """edit: of edit_live."""
    return Row(name, tests, everywhere(hosts, edit[0]), everywhere(hosts, edit[1]))


def slow_adverts(tests: str, hosts: str) -> Row:
    edit = edit_live(KEEPALIVED, "s/advert_int 1/advert_int 4/", "systemctl reload keepalived")
    return edited("adverts come every four seconds", tests, hosts, edit)


def unbroken(tests: str) -> Row:
    return Row(
        "nothing is broken when power should be lost",
        tests,
        edits={"tests/harness/faults.py": ("        self._lab(breaking, host)\n", "        self._lab('status')\n")},
    )


def always_changed(tests: str) -> Row:
    return Row(
        "every run changes something",
        tests,
        edits={"roles/keepalived/tasks/stage.yml": ("  changed_when: false", "  changed_when: true")},
    )
