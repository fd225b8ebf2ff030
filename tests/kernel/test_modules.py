"""Every module and every option on a real kernel: changed, in check mode, unchanged, and gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import Ipvsadm
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import address_service
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render
from ansible_collections.lvs.cluster.tests.kernel.conftest import (
    RULES,
    kernel_state,
    kernel_table,
    run,
    run_command,
    sh,
)
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

WEB = {"address": "192.0.2.10", "port": 80}
NEW = {"address": "192.0.2.11", "port": 80}
V6 = {"address": "2001:db8::11", "port": 443}
# Those of Linux up to 7.2; a kernel may be built without some of them.
SCHEDULERS = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos"]

SERVICES: list[tuple[dict[str, Any], str]] = [
    (NEW, "-A -t 192.0.2.11:80 -s wlc"),
    ({**NEW, "protocol": "udp"}, "-A -u 192.0.2.11:80 -s wlc"),
    ({**NEW, "protocol": "sctp"}, "-A --sctp-service 192.0.2.11:80 -s wlc"),
    (V6, "-A -t [2001:db8::11]:443 -s wlc"),
    ({"fwmark": 7}, "-A -f 7 -s wlc"),
    ({"fwmark": 8, "family": "ipv6"}, "-A -f 8 -6 -s wlc"),
    ({"fwmark": 4294967295}, "-A -f -1 -s wlc"),
    ({**NEW, "lb_algo": "mh", "lb_flags": ["mh-port"]}, "-A -t 192.0.2.11:80 -s mh -b mh-port"),
    (
        {**NEW, "lb_algo": "mh", "lb_flags": ["mh-port", "mh-fallback"]},
        "-A -t 192.0.2.11:80 -s mh -b mh-fallback,mh-port",
    ),
    ({**NEW, "lb_algo": "sh", "lb_flags": ["flag-1", "sh-port"]}, "-A -t 192.0.2.11:80 -s sh -b sh-fallback,sh-port"),
    (
        {**NEW, "lb_algo": "rr", "lb_flags": ["flag-3", "flag-1", "flag-2"]},
        "-A -t 192.0.2.11:80 -s rr -b flag-1,flag-2,flag-3",
    ),
    ({**NEW, "persistence_timeout": 360}, "-A -t 192.0.2.11:80 -s wlc -p 360"),
    ({**NEW, "port": 0, "persistence_timeout": 2678400}, "-A -t 192.0.2.11:0 -s wlc -p 2678400"),
    (
        {**NEW, "persistence_timeout": 9, "persistence_granularity": "24"},
        "-A -t 192.0.2.11:80 -s wlc -p 9 -M 255.255.255.0",
    ),
    (
        {**NEW, "persistence_timeout": 9, "persistence_granularity": "255.255.0.0"},
        "-A -t 192.0.2.11:80 -s wlc -p 9 -M 255.255.0.0",
    ),
    ({**NEW, "persistence_timeout": 9, "persistence_granularity": "32"}, "-A -t 192.0.2.11:80 -s wlc -p 9"),
    ({**V6, "persistence_timeout": 9, "persistence_granularity": "64"}, "-A -t [2001:db8::11]:443 -s wlc -p 9 -M 64"),
    (
        {"fwmark": 8, "family": "ipv6", "persistence_timeout": 9, "persistence_granularity": "48"},
        "-A -f 8 -6 -s wlc -p 9 -M 48",
    ),
    (
        {**NEW, "protocol": "udp", "persistence_timeout": 9, "persistence_engine": "sip"},
        "-A -u 192.0.2.11:80 -s wlc -p 9 --pe sip",
    ),
    ({**NEW, "protocol": "udp", "ops": True}, "-A -u 192.0.2.11:80 -s wlc -o"),
    ({"fwmark": 9, "ops": True}, "-A -f 9 -s wlc -o"),
]

SERVERS: list[tuple[dict[str, Any], str]] = [
    ({}, ":80 -g -w 1"),
    ({"weight": 0}, ":80 -g -w 0"),
    ({"weight": 65535}, ":80 -g -w 65535"),
    ({"port": 80}, ":80 -g -w 1"),
    ({"lb_kind": "NAT"}, ":80 -m -w 1"),
    ({"lb_kind": "NAT", "port": 8080, "weight": 2}, ":8080 -m -w 2"),
    ({"lb_kind": "TUN"}, ":80 -i -w 1 --tun-type ipip"),
    (
        {"lb_kind": "TUN", "tun_type": "gue", "tun_port": 6080},
        ":80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum",
    ),
    (
        {"lb_kind": "TUN", "tun_type": "gue", "tun_port": 6080, "tun_checksum": "csum"},
        ":80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum",
    ),
    (
        {"lb_kind": "TUN", "tun_type": "gue", "tun_port": 6080, "tun_checksum": "remcsum"},
        ":80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum",
    ),
    ({"lb_kind": "TUN", "tun_type": "gre"}, ":80 -i -w 1 --tun-type gre --tun-nocsum"),
    ({"lb_kind": "TUN", "tun_type": "gre", "tun_checksum": "csum"}, ":80 -i -w 1 --tun-type gre --tun-csum"),
]


def saved() -> list[str]:
    return run(["ipvsadm", "-S", "-n"]).splitlines()


def id_of(each: Any) -> str | None:
    return each if isinstance(each, str) else ""


def changes_checks_and_stays(
    name: str, options: dict[str, Any], state: Callable[[], str] = kernel_table
) -> dict[str, Any]:
    """Check mode plans what is then done and touches nothing; the second run finds nothing to do."""
    before = state()
    planned = play(name, check=True, **options)
    assert state() == before, "check mode touched the kernel"
    done = play(name, **options)
    assert done["changed"]
    assert [done[key] for key in ("commands", "diff")] == [planned[key] for key in ("commands", "diff")]
    after = state()
    assert after != before
    again = play(name, **options)
    assert not again["changed"]
    assert again["commands"] == []
    assert state() == after
    return done


@pytest.mark.usefixtures("empty")
def test_every_scheduler_of_the_running_kernel_is_taken_and_no_other() -> None:
    taken = []
    for scheduler in SCHEDULERS:
        known = not run_command(["ipvsadm", "-A", "-t", "192.0.2.12:80", "-s", scheduler])[0]
        if known:
            assert play("ipvs_service", **NEW, lb_algo=scheduler)["changed"]
            assert not play("ipvs_service", **NEW, lb_algo=scheduler)["changed"]
            assert f"-A -t 192.0.2.11:80 -s {scheduler}" in saved()
            run(["ipvsadm", "-C"])
            taken.append(scheduler)
        else:
            with pytest.raises(ModuleFailedError, match="Scheduler or persistence engine not found"):
                play("ipvs_service", **NEW, lb_algo=scheduler)
    assert len(taken) > 10, taken


@pytest.mark.parametrize(("options", "rule"), SERVICES, ids=id_of)
def test_a_service_comes_as_it_is_described_and_goes(rules: str, options: dict[str, Any], rule: str) -> None:
    changes_checks_and_stays("ipvs_service", options)
    assert rule in saved()
    key = {name: options[name] for name in ("address", "port", "protocol", "fwmark", "family") if name in options}
    assert play("ipvs_service", **key, state="absent")["changed"]
    assert kernel_table() == rules, "all else stayed"


def test_absence_comes_once(rules: str) -> None:
    for name, options in (
        ("ipvs_service", WEB),
        ("ipvs_server", {"service": {"fwmark": 7, "family": "ipv6"}, "address": "2001:db8::99"}),
    ):
        play(name, **options)
        changes_checks_and_stays(name, {**options, "state": "absent"})
    assert WEB["address"] not in kernel_table()
    assert kernel_table() != rules


@pytest.mark.parametrize(("options", "rule"), SERVERS, ids=id_of)
def test_a_server_comes_as_it_is_described_and_goes(rules: str, options: dict[str, Any], rule: str) -> None:
    changes_checks_and_stays("ipvs_server", {"service": WEB, "address": "192.0.2.99", **options})
    assert f"-a -t 192.0.2.10:80 -r 192.0.2.99{rule}" in saved()
    key = {name: options[name] for name in ("port",) if name in options}
    assert play("ipvs_server", service=WEB, address="192.0.2.99", **key, state="absent")["changed"]
    assert kernel_table() == rules, "all else stayed"


def test_one_service_read_alone_is_that_of_the_table() -> None:
    ipvsadm = Ipvsadm(run_command, "ipvsadm")
    tunnels = "".join(
        f"-a -t 192.0.2.10:80 -r 192.0.2.{100 + number}{rule}\n" for number, (_options, rule) in enumerate(SERVERS)
    )
    for text in (RULES + tunnels, *(rule for _options, rule in SERVICES)):
        run(["ipvsadm", "-C"])
        run(["ipvsadm", "-R"], stdin=text.replace("-f -1", "-f 4294967295"))
        table = ipvsadm.table()
        assert table
        for key, pool in table.items():
            assert ipvsadm.part(key) == {key: pool}
    assert ipvsadm.part(address_service("tcp", "192.0.2.77", 80)) == {}


@pytest.mark.usefixtures("rules")
def test_one_change_reads_no_other_service(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def noted(_module: AnsibleModule, words: list[str], **options: Any) -> tuple[int, str, str]:
        called.append(" ".join(words[1:]))
        return run_command(words, **options)

    monkeypatch.setattr(AnsibleModule, "run_command", noted)
    play("ipvs_server", service=WEB, address="192.0.2.99")
    play("ipvs_service", **WEB, lb_algo="rr")
    play("ipvs_drain", service=WEB, address="192.0.2.99", timeout=0)
    assert not [call for call in called if "--save" in call], called
    assert all("-t 192.0.2.10:80" in call for call in called if "--tun-info" in call or "--thresholds" in call)


@pytest.mark.usefixtures("rules")
def test_thresholds_are_set_kept_and_taken_away() -> None:
    options = {"service": WEB, "address": "192.0.2.21", "uthreshold": 2147483647, "lthreshold": 7}
    changes_checks_and_stays("ipvs_server", options)
    assert "192.0.2.21:80                2147483647 7" in kernel_table()
    changes_checks_and_stays("ipvs_server", {"service": WEB, "address": "192.0.2.21"})
    assert "192.0.2.21:80                0          0" in kernel_table()


@pytest.mark.usefixtures("rules")
def test_servers_of_other_families_and_of_marks() -> None:
    changes_checks_and_stays("ipvs_server", {"service": WEB, "address": "2001:db8::99", "lb_kind": "TUN"})
    mark = {"fwmark": 7, "family": "ipv6"}
    changes_checks_and_stays("ipvs_server", {"service": mark, "address": "2001:db8::99"})
    changes_checks_and_stays(
        "ipvs_server", {"service": mark, "address": "2001:db8::99", "port": 8080, "lb_kind": "NAT"}
    )
    assert "-a -f 7 -6 -r [2001:db8::99]:0 -g -w 1" in saved()
    assert "-a -f 7 -6 -r [2001:db8::99]:8080 -m -w 1" in saved()


@pytest.mark.usefixtures("rules")
def test_an_edited_service_keeps_its_servers_and_loses_what_is_not_said() -> None:
    dns = {"protocol": "udp", "address": "2001:db8::10", "port": 53}
    changes_checks_and_stays("ipvs_service", {**dns, "lb_algo": "wrr"})
    assert "-A -u [2001:db8::10]:53 -s wrr" in saved()
    assert "-a -u [2001:db8::10]:53 -r [2001:db8::21]:53 -g -w 1" in saved()


@pytest.mark.usefixtures("rules")
def test_a_table_without_purge_touches_only_what_it_names() -> None:
    services = [{**WEB, "lb_algo": "rr", "real_servers": [{"address": "192.0.2.21", "weight": 4}]}, NEW]
    before = parse(run(["ipvsadm", "-S", "-n"]))
    changes_checks_and_stays("ipvs_table", {"services": services})
    after = parse(run(["ipvsadm", "-S", "-n"]))
    assert len(after) == len(before) + 1
    changed = {key for key in before if before[key] != after[key]}
    assert [str(key) for key in changed] == ["tcp 192.0.2.10:80"]
    assert len(next(iter(after[key] for key in changed)).servers) == 3


@pytest.mark.usefixtures("rules")
def test_a_table_with_purge_is_all_there_is_and_keeps_weights_on_request() -> None:
    services = [
        {**WEB, "lb_algo": "wrr", "real_servers": [{"address": "192.0.2.21", "weight": 4}, {"address": "192.0.2.24"}]}
    ]
    changes_checks_and_stays("ipvs_table", {"services": services, "purge": True, "keep_weights": True})
    assert saved() == [
        "-A -t 192.0.2.10:80 -s wrr",
        "-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 0",
        "-a -t 192.0.2.10:80 -r 192.0.2.24:80 -g -w 1",
    ]
    changes_checks_and_stays("ipvs_table", {"services": services, "purge": True})
    assert "-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 4" in saved()
    changes_checks_and_stays("ipvs_table", {"services": [], "purge": True})
    assert saved() == []


def test_the_diff_of_a_table_is_what_changes_and_the_whole_on_request(rules: str) -> None:
    services = play("ipvs_info", gather=["services"])["services"]
    assert play("ipvs_table", services=services, purge=True)["diff"] == [{"before": "", "after": ""}]
    (whole,) = play("ipvs_table", services=services, purge=True, full_diff=True)["diff"]
    assert whole["before"] == whole["after"]
    assert len(whole["after"].splitlines()) == len(saved())
    (diff,) = play("ipvs_table", check=True, services=[{**WEB, "lb_algo": "rr"}, NEW])["diff"]
    assert {line.split()[2] for line in diff["before"].splitlines()} == {"192.0.2.10:80"}
    assert {line.split()[2] for line in diff["after"].splitlines()} == {"192.0.2.10:80", "192.0.2.11:80"}
    assert kernel_table() == rules


@pytest.mark.usefixtures("empty")
def test_a_flag_that_ipvsadm_cannot_name_hinders_nobody() -> None:
    run(["ipvsadm", "-A", "-t", "192.0.2.10:80", "-s", "sh", "-b", "flag-3"])
    assert saved() == ["-A -t 192.0.2.10:80 -s sh -b "]
    services = play("ipvs_info")["services"]
    assert services[0]["lb_flags"] == []
    assert not play("ipvs_table", services=services, purge=True)["changed"]
    changes_checks_and_stays("ipvs_service", {**WEB, "lb_algo": "sh", "lb_flags": ["sh-port"]})
    changes_checks_and_stays("ipvs_table", {"services": [], "purge": True})


@pytest.mark.usefixtures("empty")
def test_a_service_that_could_not_be_had_can_be_removed() -> None:
    run(["ipvsadm", "-A", "-t", "239.0.0.1:80", "-s", "rr"])
    changes_checks_and_stays("ipvs_service", {"address": "239.0.0.1", "port": 80, "state": "absent"})
    assert saved() == []


def test_what_info_returns_brings_the_table_back(rules: str) -> None:
    services = play("ipvs_info")["services"]
    assert not play("ipvs_table", services=services, purge=True)["changed"]
    run(["ipvsadm", "-C"])
    changes_checks_and_stays("ipvs_table", {"services": services, "purge": True})
    assert sorted(kernel_table().splitlines()) == sorted(rules.splitlines())


def test_a_batch_that_fails_leaves_what_it_can_and_converges(rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "LIB_MODULES", "/nonexistent")  # as in a container: only the kernel knows
    services = [{**NEW, "lb_algo": "nosuch", "real_servers": [{"address": "192.0.2.21"}]}, {**NEW, "port": 81}]
    with pytest.raises(ModuleFailedError) as caught:
        play("ipvs_table", services=services, purge=True)
    result = caught.value.result
    assert result["error"]["kind"] == "unknown_scheduler"
    assert [(each["line"], each["reason"]) for each in result["failed_commands"]] == [
        (1, "Scheduler or persistence engine not found"),
        (2, "Service not defined"),
    ]
    assert set(parse(rules.split("Prot", maxsplit=1)[0])) < set(parse("\n".join(result["table"]))), (
        "nothing was deleted"
    )
    assert render(parse("\n".join(result["table"]))).splitlines() == result["table"]
    services[0]["lb_algo"] = "rr"
    changes_checks_and_stays("ipvs_table", {"services": services, "purge": True})
    assert len(parse(run(["ipvsadm", "-S", "-n"]))) == 2


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "options", [{"tcp": 7200}, {"tcp_fin": 60, "udp": 2678400}, {"tcp": 1, "tcp_fin": 2, "udp": 3}], ids=str
)
def test_timeouts_are_set_one_by_one(options: dict[str, int]) -> None:
    result = changes_checks_and_stays("ipvs_timeouts", options, kernel_state)
    seconds = {"tcp": 900, "tcp_fin": 120, "udp": 300, **options}
    assert result["timeouts"] == seconds
    assert play("ipvs_info", gather=["timeouts"])["timeouts"] == seconds


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("role", ["master", "backup"])
def test_a_daemon_starts_changes_and_stops(device: str, role: str) -> None:
    options = {"role": role, "interface": device, "syncid": 7}
    changes_checks_and_stays("ipvs_daemon", options, kernel_state)
    assert not play("ipvs_daemon", **options, mcast_group="224.0.0.81", mcast_port=8848, mcast_ttl=1)["changed"]
    changes_checks_and_stays("ipvs_daemon", {**options, "mcast_port": 9000, "sync_maxlen": 65507}, kernel_state)
    changes_checks_and_stays("ipvs_daemon", {**options, "mcast_group": "ff02::81", "sync_maxlen": 65487}, kernel_state)
    changes_checks_and_stays("ipvs_daemon", {**options, "sync_maxlen": 1024}, kernel_state)
    options |= {"syncid": 8, "mcast_group": "239.1.1.1", "mcast_port": 9000, "mcast_ttl": 3, "sync_maxlen": 1400}
    result = changes_checks_and_stays("ipvs_daemon", options, kernel_state)
    assert [command.split()[1] for command in result["commands"]] == ["--stop-daemon", "--start-daemon"]
    del options["interface"]
    (running,) = play("ipvs_info", gather=["daemons"])["daemons"]
    assert running == {**options, "interface": device}
    assert play("ipvs_daemon", role=role, state="stopped")["changed"]
    assert not play("ipvs_daemon", role=role, state="stopped")["changed"]
    assert play("ipvs_info", gather=["daemons"])["daemons"] == []


def test_info_knows_the_sysctls_of_this_namespace() -> None:
    sh("echo 1 >/proc/sys/net/ipv4/vs/expire_nodest_conn")
    info = play("ipvs_info")
    assert info["sysctls"]["expire_nodest_conn"] == 1
    assert info["sysctls"]["sync_threshold"] == [3, 50]
    assert info["kernel"]["version"] == "1.2.1"
    assert not {"connections", "statistics"} & info.keys(), "those are read on request"
