"""What a host tells the roles, of programs that say what they are told to say."""

from __future__ import annotations

import os
import pwd
import re
import shutil
from pathlib import Path

import pytest
import yaml
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel_modules, memory, networks, nginx, system
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

ROOT = Path(__file__).resolve().parents[4]
STATUS = """
Package: nginx
Status: install ok installed
Version: 1.26.3-3

Package: ipvsadm
Status: deinstall ok config-files
Version: 1:1.31-1

Package: keepalived
Status: install ok half-configured
Version: 1:2.3.3-1
"""
NOTHING = "ansible.module_utils.basic.AnsibleModule.get_bin_path"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program) -> Path:
    """A folder of a Debian without addresses; systemd-networkd runs where its file networkd is made."""
    program("systemctl", "exit 1")
    program("networkctl", """echo '{"Interfaces": [{"Name": "eth0", "NetworkFile": "/etc/card.network"}]}'""")
    program("ip", '[ "$4" = get ] && exit 2\necho "[]"')
    (tmp_path / "os-release").write_text('NAME="Debian GNU/Linux"\nID=debian\n')
    monkeypatch.setattr(system, "OS_RELEASE", (str(tmp_path / "nowhere"), str(tmp_path / "os-release")))
    monkeypatch.setattr(networks, "NETWORKD_STATE", str(tmp_path / "networkd"))
    monkeypatch.setattr(memory, "ROOT", str(tmp_path / "memory"))
    monkeypatch.setattr(system, "KEEPALIVED", (str(tmp_path / "keepalived.pid"), str(tmp_path / "wanted")))
    monkeypatch.setattr(system, "WANTED", str(tmp_path / "wants"))
    monkeypatch.setattr(system, "TUNNEL_UNITS", str(tmp_path / "%s-realserver-tunnel.service"))
    monkeypatch.setattr(system, "GUE_UNITS", str(tmp_path / "%s-realserver-gue@.service"))
    monkeypatch.setattr(system, "TUNNEL_MODULES", str(tmp_path / "%s-realserver.conf"))
    for name in ("PROC_MODULES", "LIB_MODULES", "MODULES_DISABLED", "OWN_STATUS"):
        monkeypatch.setattr(kernel_modules, name, str(tmp_path / name))
    return tmp_path


def facts(**options: object) -> dict[str, object]:
    return play("host_facts", **options)["ansible_facts"]


def test_system_and_who_sets_up_its_network(host: Path) -> None:
    told = facts()
    assert {name: told[f"ansible_{name}"] for name in ("os_family", "distribution", "default_ipv4", "lvs_network")} == {
        "os_family": "Debian",
        "distribution": "Debian GNU/Linux",
        "default_ipv4": {},
        "lvs_network": "ifupdown",
    }
    notes = told["ansible_lvs_network_notes"] + told["ansible_lvs_holder_notes"]
    assert (told["ansible_lvs_holder"], notes) == ("lo", [])
    (host / "networkd").touch()
    told = facts()
    assert (told["ansible_lvs_network"], told["ansible_lvs_networkd_files"]) == (
        "networkd",
        {"eth0": "/etc/card.network"},
    )


def test_what_keepalived_asks_nginx_is_told_by_cluster(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nginx, "FOLDER", str(host / "nginx"))
    assert facts()["ansible_lvs_nginx_asked"] == {}
    (host / "nginx").mkdir()
    (host / "nginx" / "own.conf").write_text("server {\n    # asked: for\n}\n")
    (host / "nginx" / "lvs.conf").write_text("#\n# asked: http 80 /up about web\n# asked: tcp 443 - about web\n\n")
    assert facts()["ansible_lvs_nginx_asked"] == {"lvs": ["http 80 /up about web", "tcp 443 - about web"]}


@pytest.mark.usefixtures("host")
def test_network_manager_is_asked_for_its_version(program) -> None:
    program("systemctl", "echo 'Id=NetworkManager.service\nActiveState=active\nUnitFileState=enabled'")
    program("nmcli", "echo 'nmcli tool, version 1.40.16-9'")
    told = facts()
    assert (told["ansible_lvs_network"], told["ansible_lvs_holder"]) == ("NetworkManager", "lvs0")
    assert "NetworkManager 1.40 leaves lo alone" in "".join(told["ansible_lvs_holder_notes"])


def test_keepalived_that_runs_or_will_is_told_by_its_file(host: Path) -> None:
    assert facts()["ansible_lvs_keepalived"] == ""
    (host / "wanted").symlink_to("/lib/systemd/system/keepalived.service")
    assert facts()["ansible_lvs_keepalived"] == str(host / "wanted")
    (host / "keepalived.pid").touch()
    assert facts()["ansible_lvs_keepalived"] == str(host / "keepalived.pid")


@pytest.mark.usefixtures("host")
def test_which_nginx_is_installed_is_told_by_itself(program) -> None:
    program("nginx", 'echo "nginx version: nginx/1.26.3 (Debian)" >&2')
    assert facts()["ansible_lvs_nginx"] == "1.26.3"


def test_whose_addresses_are_on_which_interface(host: Path) -> None:
    assert facts()["ansible_lvs_held"] == {}
    for path in ("eth0/lvs.json", "eth0/.lock", "lo/lvs.json", "lo/other.json", "eth1/.lock"):
        (host / "memory" / "addresses" / path).parent.mkdir(parents=True, exist_ok=True)
        (host / "memory" / "addresses" / path).touch()
    assert facts()["ansible_lvs_held"] == {"eth0": ["lvs"], "lo": ["lvs", "other"]}


def test_for_whom_settings_of_the_kernel_are_set(host: Path) -> None:
    assert facts()["ansible_lvs_sysctls_of"] == []
    (host / "memory" / "sysctls").mkdir(parents=True)
    for name in ("lvs.json", ".lock", "edge.json"):
        (host / "memory" / "sysctls" / name).touch()
    assert facts()["ansible_lvs_sysctls_of"] == ["edge", "lvs"]


def test_for_which_clusters_a_boot_has_packets_taken_out_of_tunnels(host: Path) -> None:
    assert facts()["ansible_lvs_tunnels"] == {}
    for name in ("lvs", "edge-1"):
        (host / f"{name}-realserver-tunnel.service").touch()
    (host / "cloud-tunnel.service").touch()
    (host / "wants").mkdir()
    (host / "wants" / "lvs-realserver-tunnel.service").symlink_to("/etc/systemd/system/lvs-realserver-tunnel.service")
    assert facts()["ansible_lvs_tunnels"] == {"edge-1": False, "lvs": True}


def test_at_which_ports_a_boot_takes_packets_out_of_tunnels_in_udp(host: Path, program) -> None:
    other_family = '{"port": 6081, "gue": null, "family": "inet6"}'
    open_ports = f'[{{"port": 6080, "gue": null, "family": "inet"}}, {other_family}, {{"port": 4, "ipproto": 4}}]'
    program("ip", f"""[ "$2" = fou ] && echo '{open_ports}' && exit\necho "[]" """)
    assert facts()["ansible_lvs_gue"] == {}
    assert facts()["ansible_lvs_gue_open"] == []
    for name in ("lvs", "edge-1"):
        (host / f"{name}-realserver-gue@.service").touch()
    (host / "wants").mkdir()
    for port in (6081, 6080, "other"):
        (host / "wants" / f"lvs-realserver-gue@{port}.service").symlink_to(host / "lvs-realserver-gue@.service")
    told = facts()
    assert told["ansible_lvs_gue"] == {"edge-1": [], "lvs": [6080, 6081]}
    assert told["ansible_lvs_gue_open"] == [6080]


def test_whose_packets_come_in_tunnels(host: Path) -> None:
    assert facts()["ansible_lvs_tunnelled"] == {}
    (host / "lvs-realserver.conf").write_text("# Ansible managed\n# In tunnels: web mail\nipip\n")
    (host / "edge-realserver.conf").write_text("ipip\n")
    assert facts()["ansible_lvs_tunnelled"] == {"edge": [], "lvs": ["web", "mail"]}


def test_whom_a_director_leads(host: Path) -> None:
    assert facts()["ansible_lvs_gateway_of"] == []
    (host / "memory" / "gateways").mkdir(parents=True)
    (host / "memory" / "gateways" / "lvs.json").touch()
    assert facts()["ansible_lvs_gateway_of"] == ["lvs"]


def test_what_of_ipvs_a_kernel_has_and_what_bars_the_rest(host: Path) -> None:
    assert facts()["ansible_lvs_ipvs"] == {"loaded": [], "loadable": [], "barred": ""}
    folder = host / "LIB_MODULES" / os.uname().release
    folder.mkdir(parents=True)
    (host / "PROC_MODULES").write_text(
        "ip_vs 1 0 - Live 0x0\nip_vs_wrr 1 0 - Live 0x0\nnf_conntrack 1 0 ip_vs,\n"
        "ipip 1 0 - Live 0x0\nip_tunnel 1 1 ipip, Live 0x0\n"
    )
    (folder / "modules.builtin").write_text("kernel/net/netfilter/ipvs/ip_vs_rr.ko\nkernel/net/veth.ko\n")
    needed = "kernel/net/netfilter/nf_conntrack.ko"
    ipvs = "kernel/net/netfilter/ipvs"
    (folder / "modules.dep").write_text(
        f"{ipvs}/ip_vs_sed.ko.xz: {ipvs}/ip_vs.ko\n{ipvs}/ip_vs.ko: {needed}\n{needed}:\n"
    )
    (host / "OWN_STATUS").write_text("Name:\tpython3\nCapEff:\t000001ffffffffff\n")
    assert facts()["ansible_lvs_ipvs"] == {
        "loaded": ["ip_vs", "ip_vs_rr", "ip_vs_wrr", "ipip"],
        "loadable": ["ip_vs", "ip_vs_sed"],
        "barred": "",
    }
    (host / "OWN_STATUS").write_text("CapEff:\t00000000a80425fb\n")
    assert "CAP_SYS_MODULE" in facts()["ansible_lvs_ipvs"]["barred"]
    (host / "MODULES_DISABLED").write_text("1\n")
    assert "modules_disabled is 1" in facts()["ansible_lvs_ipvs"]["barred"]


@pytest.mark.usefixtures("host")
def test_who_works_on_it() -> None:
    told = facts()
    assert told["ansible_effective_user_id"] == os.geteuid()
    assert told["ansible_user_id"] == pwd.getpwuid(os.geteuid()).pw_name


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="reads the format of dpkg by dpkg's own program")
def test_what_is_not_there_or_not_there_as_a_whole_is_not_installed(
    host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host / "status").write_text(STATUS)
    (host / "updates").mkdir()
    monkeypatch.setitem(os.environ, "DPKG_ADMINDIR", str(host))
    assert facts(packages=["nginx"])["ansible_lvs_packages"] == ["nginx"]
    assert facts(packages=["kmod", "nginx", "ipvsadm", "keepalived"])["ansible_lvs_packages"] == ["nginx"]


@pytest.mark.usefixtures("host")
def test_where_dpkg_keeps_no_record_the_package_manager_is_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"ip": shutil.which("ip")}
    monkeypatch.setattr(NOTHING, lambda _module, name, **_options: found.get(name))
    assert facts(packages=["nginx"])["ansible_lvs_packages"] == []


@pytest.mark.usefixtures("host")
def test_host_without_ip_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NOTHING, lambda *_words, **_options: None)
    with pytest.raises(ModuleFailedError, match="Install the package iproute2"):
        facts()


def test_preflight_asks_for_what_roles_install() -> None:
    asked = yaml.safe_load((ROOT / "roles/preflight/vars/main.yml").read_text())["__preflight_packages"]
    files = [path for path in ROOT.glob("roles/*/vars/*.yml") if path.parts[-3] != "preflight"]
    texts = [told for path in files for told in (yaml.safe_load(path.read_text()) or {}).items()]
    wanted = {each for name, names in texts if re.fullmatch(r"__\w+_packages", name) for each in names}
    assert sorted(wanted) == sorted(asked)


@pytest.mark.usefixtures("host")
def test_where_routes_lead_is_told_where_it_is_asked_for() -> None:
    assert "ansible_lvs_gateways" not in facts()
    assert facts(routes=True)["ansible_lvs_gateways"] == {}
