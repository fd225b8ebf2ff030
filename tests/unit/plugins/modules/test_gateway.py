"""What gateway brings, writes, keeps and takes away, with an ip that has a card's routes in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._addresses import ifupdown, keyfile
from ansible_collections.lvs.cluster.plugins.module_utils._host import boot, caller, memory, networks
from ansible_collections.lvs.cluster.plugins.modules import gateway
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

# `ip route replace|delete TO via GATEWAY dev eth0`, and `ip -json -4|-6 route show dev eth0`.
IP = r"""
case $* in
*"get fibmatch 203.0.113.9 from 198.51.100.21"*) echo '[{{"dst": "default", "gateway": "{own}", "dev": "eth0"}}]' ;;
*"get fibmatch"*) echo '[{{"dst": "198.51.100.0/24", "dev": "eth0"}}]' ;;
*replace*) sed -i "\|^$3 |d" {routes}; echo "$3 $5" >>{routes} ;;
*delete*) grep -q "^$3 $5\$" {routes} || exit 2; sed -i "\|^$3 $5\$|d" {routes} ;;
*-4*) sed 's|\(.*\) \(.*\)|{{"dst": "\1", "gateway": "\2"}}|' {routes} | paste -sd, | sed 's|.*|[&]|' ;;
esac
"""
ROUTER = "198.51.100.254"
OWN = f"default {ROUTER}"
DIRECTOR, OTHER = "198.51.100.1", "198.51.100.2"


class Host:
    def __init__(self, folder: Path) -> None:
        self._routes = folder / "routes"
        self._routes.write_text(f"{OWN}\n")
        self.memory = folder / "gateways" / "lvs.json"
        self.file = folder / "etc" / "lvs-gateway-eth0"
        self.ip = IP.format(routes=self._routes, own=ROUTER)

    def routes(self) -> list[str]:
        return sorted(self._routes.read_text().splitlines())


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program) -> Host:
    """One of ifupdown, which has read what is there."""
    host = Host(tmp_path)
    monkeypatch.setattr(memory, "ROOT", str(tmp_path))
    monkeypatch.setattr(ifupdown, "FOLDER", str(tmp_path / "etc"))
    monkeypatch.setattr(boot, "SECONDS", 0)
    # Whoever is at this machine.
    monkeypatch.setattr(gateway, "callers", list)
    program("ip", host.ip)
    program("systemctl", "echo enabled")
    program("ifquery", "echo eth0; echo eth0:lvs-gateway; echo eth0:other-gateway")
    return host


def led_by(gateway: str) -> list[str]:
    return sorted([f"0.0.0.0/1 {gateway}", f"128.0.0.0/1 {gateway}", OWN])


def lead(*gateways: str, **options: Any) -> dict[str, Any]:
    named = {"interface": "eth0" if gateways else "", "stack": "ifupdown", **options}
    return play("gateway", gateways=gateways, **named)


def test_a_host_is_led_once_and_then_as_before(host: Host) -> None:
    foretold = lead(DIRECTOR, check=True)
    assert (foretold["changed"], host.routes(), host.file.exists()) == (True, [OWN], False)
    told = lead(DIRECTOR)
    assert {key: told[key] for key in ("changed", "differing", "commands")} == {
        key: foretold[key] for key in ("changed", "differing", "commands")
    }
    assert host.routes() == led_by(DIRECTOR)
    assert f"up ip route replace 0.0.0.0/1 via {DIRECTOR} dev eth0 onlink" in host.file.read_text()
    for check in (False, True):
        again = lead(DIRECTOR, check=check)
        assert (again["changed"], again["commands"], again["differing"]) == (False, [], [])
    assert lead(check=True)["changed"]
    assert host.routes() == led_by(DIRECTOR)
    assert lead()["changed"]
    assert (host.routes(), host.file.exists(), host.memory.exists()) == ([OWN], False, False)
    assert not lead()["changed"]


def test_another_director_takes_the_place_of_the_first(host: Host) -> None:
    lead(DIRECTOR)
    assert lead(OTHER)["changed"]
    assert host.routes() == led_by(OTHER)
    assert DIRECTOR not in host.file.read_text().replace(OTHER, "")


def test_what_a_run_that_was_cut_off_has_left_is_finished_or_taken_away(host: Host) -> None:
    lead(DIRECTOR)
    host.file.unlink()
    assert lead(DIRECTOR)["differing"] == [str(host.file)]
    host.file.unlink()
    assert lead()["commands"]
    assert (host.routes(), host.memory.exists()) == ([OWN], False)


def test_what_another_cluster_wants_too_stays(host: Host) -> None:
    for owner in ("lvs", "other"):
        lead(DIRECTOR, owner=owner)
    assert lead(owner="other")["commands"] == []
    assert host.routes() == led_by(DIRECTOR)
    assert lead(owner="lvs")["commands"]
    assert host.routes() == [OWN]


def test_of_a_change_that_failed_half_way_all_is_let_go(host: Host, program) -> None:
    lead(DIRECTOR)
    program("ifquery", "echo eth0; echo eth0:lvs-gateway; echo eth1:lvs-gateway")
    program("ip", f"case $* in *replace*) exit 2;; esac\n{host.ip}")
    with pytest.raises(ModuleFailedError):
        lead(OTHER, interface="eth1")
    program("ip", host.ip)
    second = host.file.with_name("lvs-gateway-eth1")
    assert second.exists()
    assert lead()["differing"] == [str(second)]
    assert (host.routes(), host.file.exists(), second.exists(), host.memory.exists()) == ([OWN], False, False, False)


# Sets up the one interface from the one profile that it is made with, and reads what stands there.
NMCLI = r"""
echo "$*" >>{log}
case $* in
*--version*) echo "nmcli tool, version 1.52.1" ;;
*--active*) [ -z "{interface}" ] || echo "uuid:{interface}:{folder}/{interface}.nmconnection" ;;
*"-g ipv4.addresses"*) sed -n 's/^route[0-9]*=//p' {folder}/{interface}.nmconnection | paste -sd, ;;
esac
"""


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program, host: Host):  # noqa: ARG001
    """A NetworkManager that has an interface active, or none; its folder of profiles, and what it was asked."""
    folder, log = tmp_path / "profiles", tmp_path / "asked"
    folder.mkdir()
    monkeypatch.setattr(keyfile, "FOLDER", str(folder))
    for name in ("eth0", "eth1"):
        (folder / f"{name}.nmconnection").write_text(f"[connection]\nid={name}\n\n[ipv4]\nmethod=auto\n")

    def active(interface: str) -> None:
        program("nmcli", NMCLI.format(log=log, folder=folder, interface=interface))

    active.folder, active.log = folder, log
    return active


def profile_of(manager, interface: str) -> str:
    return (manager.folder / f"{interface}.nmconnection").read_text()


@pytest.mark.parametrize("active", ["eth1", "eth0", ""])
def test_network_manager_lets_go_whichever_profile_is_active(manager, active: str) -> None:
    manager("eth0")
    before = profile_of(manager, "eth0")
    lead(DIRECTOR, stack="NetworkManager")
    assert f"\nroute1=0.0.0.0/1,{DIRECTOR}\n" in profile_of(manager, "eth0")
    manager(active)
    manager.log.write_text("")
    assert lead(stack="NetworkManager")["differing"] == [str(manager.folder / "eth0.nmconnection")]
    assert profile_of(manager, "eth0") == before
    assert "connection load" in manager.log.read_text()
    assert "connection up" not in manager.log.read_text()
    assert not lead(stack="NetworkManager")["changed"]


def test_network_manager_has_another_interface_lead_once_the_first_is_down(manager) -> None:
    manager("eth0")
    lead(DIRECTOR, stack="NetworkManager")
    manager("eth1")
    lead(DIRECTOR, stack="NetworkManager", interface="eth1")
    assert [DIRECTOR in profile_of(manager, each) for each in ("eth0", "eth1")] == [False, True]


def test_network_manager_keeps_in_its_profile_what_another_cluster_wants_too(manager) -> None:
    manager("eth0")
    for owner in ("lvs", "other"):
        lead(DIRECTOR, owner=owner, stack="NetworkManager")
    led = profile_of(manager, "eth0")
    assert lead(owner="other", stack="NetworkManager")["differing"] == []
    assert profile_of(manager, "eth0") == led
    assert lead(owner="lvs", stack="NetworkManager")["differing"]
    assert DIRECTOR not in profile_of(manager, "eth0")


def test_what_another_cluster_has_go_elsewhere_is_refused(host: Host) -> None:
    lead(DIRECTOR)
    theirs = f"other is to have .* IPv4 by {OTHER} on eth0, and lvs has it send them by {DIRECTOR} on eth0"
    for check in (True, False):
        with pytest.raises(ModuleFailedError, match=theirs):
            lead(OTHER, owner="other", check=check)
    assert (host.routes(), host.memory.with_name("other.json").exists()) == (led_by(DIRECTOR), False)


@pytest.mark.parametrize(
    ("stack", "told"),
    [("ifcfg", f"GATEWAY={DIRECTOR} in ifcfg-eth0"), ("ifupdown", "Use 'systemctl enable networking.service'")],
)
def test_a_host_that_a_boot_would_not_lead_is_refused_before_anything_changes(
    host: Host, program, stack: str, told: str
) -> None:
    if stack == "ifupdown":
        program("systemctl", "echo disabled")
    with pytest.raises(ModuleFailedError, match=told):
        lead(DIRECTOR, stack=stack)
    assert (host.routes(), host.file.exists(), host.memory.exists()) == ([OWN], False, False)


@pytest.mark.parametrize(
    ("called", "refused"),
    [
        ([("203.0.113.9", "198.51.100.21")], True),
        ([("198.51.100.9", "198.51.100.21")], False),
        ([("2001:db8::9", "2001:db8::21")], False),
        ([], False),
    ],
)
def test_a_host_that_could_not_answer_who_calls_is_refused_until_it_has_a_route(
    host: Host, monkeypatch: pytest.MonkeyPatch, called: list[tuple[str, str]], refused: bool
) -> None:
    monkeypatch.setattr(gateway, "callers", lambda: [caller.Caller(*each) for each in called])
    if not refused:
        assert lead(DIRECTOR)["changed"]
        return
    told = rf"203\.0\.113\.9, from where .* by {DIRECTOR} then.*'ip route add 203\.0\.113\.9 via {ROUTER} dev eth0'"
    for check in (True, False):
        with pytest.raises(ModuleFailedError, match=told):
            lead(DIRECTOR, check=check)
    assert (host.routes(), host.file.exists(), host.memory.exists()) == ([OWN], False, False)


@pytest.mark.parametrize(
    ("interface", "uevent", "order", "refused"),
    [
        ("bond0", "DEVTYPE=bond\nINTERFACE=bond0\n", "{ours} {its}", True),
        ("bond0", "DEVTYPE=bond\nINTERFACE=bond0\n", "{its} {ours}", False),
        ("bond0.5", "DEVTYPE=bond\nINTERFACE=bond0\n", "{ours} {its}", True),
        ("eth0.5", "INTERFACE=eth0\n", "{ours} {its}", False),
        ("eth0", "INTERFACE=eth0\n", "{ours} {its}", False),
        ("br0", "DEVTYPE=bridge\n", "{ours}", False),
    ],
)
def test_ifupdown_that_makes_the_interface_later_than_its_routes_is_refused(
    host: Host, monkeypatch: pytest.MonkeyPatch, program, interface: str, uevent: str, order: str, refused: bool
) -> None:
    device = host.memory.parents[1] / "net" / interface.partition(".")[0]
    device.mkdir(parents=True)
    (device / "uevent").write_text(uevent)
    monkeypatch.setattr(networks, "INTERFACES", str(device.parent))
    program("ifquery", "printf '%s\\n' " + order.format(ours=f"{interface}:lvs-gateway", its=interface))
    file = host.file.with_name(f"lvs-gateway-{interface}")
    if not refused:
        assert lead(DIRECTOR, interface=interface)["changed"]
        return
    for _again in range(2):
        with pytest.raises(ModuleFailedError, match=f"Have the stanza of {interface} stand before"):
            lead(DIRECTOR, interface=interface)
        assert (host.routes(), file.exists()) == ([OWN], False)
    file.write_text("of a run before")
    with pytest.raises(ModuleFailedError, match="stand before"):
        lead(DIRECTOR, interface=interface)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"gateways": ["2001:DB8::1"]}, r"gateways\[0\]: '2001:DB8::1' is not in the kernel's spelling, 2001:db8::1"),
        ({"gateways": ["198.51.100.1/24"]}, r"gateways\[0\]: '198.51.100.1/24' is not an IPv4 or"),
        ({"gateways": ["127.0.0.1"]}, "is not the address of a gateway"),
        ({"gateways": [DIRECTOR, OTHER]}, rf"gateways\[1\]: '{OTHER}' is a second one of IPv4"),
        ({"gateways": [DIRECTOR], "interface": ""}, "interface: '' is not a name of one. Write the one by which"),
        ({"gateways": [DIRECTOR], "owner": "../lvs"}, "owner: '../lvs' is not a name"),
    ],
)
def test_what_never_would_be_there_is_refused(host: Host, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ModuleFailedError, match=told) as failed:
        play("gateway", **{"interface": "eth0", "stack": "ifupdown", **options})
    assert failed.value.result["error"]["kind"] == "refused_options"
    assert (host.routes(), host.memory.exists()) == ([OWN], False)
