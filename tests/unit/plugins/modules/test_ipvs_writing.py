"""The modules that change IPVS, each as Ansible runs it, over a table in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import error_of
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render
from ansible_collections.lvs.cluster.tests.unit.fake_ipvsadm import FakeIpvsadm
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

WEB = {"address": "192.0.2.10", "port": 80}
RECORDED = Path(__file__).parent.parent / "module_utils" / "_ipvs" / "recorded"

# Name, options that change something, and the rules or commands that do it.
CHANGES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("ipvs_service", {**WEB, "port": 81, "lb_algo": "rr"}, ["-A -t 192.0.2.10:81 -s rr"]),
    ("ipvs_service", {**WEB, "lb_algo": "sh", "lb_flags": ["flag-1"]}, ["-E -t 192.0.2.10:80 -s sh -b sh-fallback"]),
    ("ipvs_service", {**WEB, "state": "absent"}, ["-D -t 192.0.2.10:80"]),
    ("ipvs_service", {"fwmark": 7, "family": "ipv6"}, ["-A -f 7 -6 -s wlc"]),
    ("ipvs_server", {"service": WEB, "address": "192.0.2.23"}, ["-a -t 192.0.2.10:80 -r 192.0.2.23:80 -g -w 1"]),
    (
        "ipvs_server",
        {"service": WEB, "address": "192.0.2.21", "uthreshold": 9},
        ["-e -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 1 -x 9"],
    ),
    (
        "ipvs_server",
        {"service": WEB, "address": "192.0.2.21", "state": "absent"},
        ["-d -t 192.0.2.10:80 -r 192.0.2.21:80"],
    ),
    ("ipvs_timeouts", {"udp": 60}, ["--set 0 0 60"]),
    (
        "ipvs_daemon",
        {"role": "backup", "interface": "eth1", "syncid": 9},
        [
            "--start-daemon backup --mcast-interface eth1 --syncid 9 --mcast-group 224.0.0.81 --mcast-port 8848"
            " --mcast-ttl 1"
        ],
    ),
    ("ipvs_zero", {}, ["-Z"]),
    ("ipvs_zero", {"service": WEB}, ["-Z -t 192.0.2.10:80"]),
    (
        "ipvs_table",
        {"services": [{**WEB, "lb_algo": "rr", "real_servers": [{"address": "192.0.2.23"}]}], "purge": True},
        [
            "-E -t 192.0.2.10:80 -s rr",
            "-a -t 192.0.2.10:80 -r 192.0.2.23:80 -g -w 1",
            "-d -t 192.0.2.10:80 -r 192.0.2.21:80",
            "-d -t 192.0.2.10:80 -r 192.0.2.22:80",
            "-D -f 7",
        ],
    ),
    (
        "ipvs_table",
        {"services": [{**WEB, "lb_algo": "rr", "real_servers": [{"address": "192.0.2.22", "weight": 6}]}]},
        ["-E -t 192.0.2.10:80 -s rr", "-e -t 192.0.2.10:80 -r 192.0.2.22:80 -g -w 6"],
    ),
    (
        "ipvs_table",
        {
            "services": [
                {
                    **WEB,
                    "lb_algo": "wrr",
                    "real_servers": [{"address": "192.0.2.21"}, {"address": "192.0.2.23", "weight": 2}],
                }
            ],
            "keep_weights": True,
        },
        ["-e -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 0", "-a -t 192.0.2.10:80 -r 192.0.2.23:80 -g -w 2"],
    ),
    ("ipvs_table", {"services": [], "purge": True}, ["-D -f 7", "-D -t 192.0.2.10:80"]),
]
WITHOUT_COMMANDS = [(name, options) for name, options, _commands in CHANGES]
IDS = [f"{name}{number}" for number, (name, _options, _commands) in enumerate(CHANGES)]


def state(ipvsadm: FakeIpvsadm) -> tuple[Any, ...]:
    return render(ipvsadm.table), ipvsadm.timeouts, dict(ipvsadm.daemons), ipvsadm.counters


@pytest.fixture(autouse=True)
def counted(ipvsadm: FakeIpvsadm) -> None:
    ipvsadm.counters = 5


@pytest.mark.parametrize(("name", "options", "commands"), CHANGES, ids=IDS)
def test_a_change_runs_just_what_it_says(
    ipvsadm: FakeIpvsadm, name: str, options: dict[str, Any], commands: list[str]
) -> None:
    result = play(name, **options)
    assert result["changed"]
    assert result["commands"] == [f"ipvsadm {command}" for command in commands]
    ran = [line for batch in ipvsadm.batches for line in batch.splitlines()]
    ran += [" ".join(call) for call in ipvsadm.calls if call[0] not in ("--save", "--list", "--restore")]
    assert ran == commands


@pytest.mark.parametrize(("name", "options"), WITHOUT_COMMANDS, ids=IDS)
def test_check_mode_plans_and_does_not_run(ipvsadm: FakeIpvsadm, name: str, options: dict[str, Any]) -> None:
    before = state(ipvsadm)
    planned = play(name, check=True, **options)
    assert state(ipvsadm) == before
    assert {call[0] for call in ipvsadm.calls} <= {"--save", "--list"}
    done = play(name, **options)
    assert [planned[key] for key in ("changed", "commands", "diff")] == [
        done[key] for key in ("changed", "commands", "diff")
    ]


@pytest.mark.parametrize(("name", "options"), WITHOUT_COMMANDS, ids=IDS)
def test_the_second_run_changes_nothing(ipvsadm: FakeIpvsadm, name: str, options: dict[str, Any]) -> None:
    play(name, **options)
    ipvsadm.calls.clear()
    result = play(name, **options)
    assert not result["changed"]
    assert result["commands"] == []
    assert {call[0] for call in ipvsadm.calls} <= {"--save", "--list"}


def test_a_diff_is_text_of_ipvsadm() -> None:
    diff = play("ipvs_server", service=WEB, address="192.0.2.21", weight=2)["diff"]
    assert diff == {
        "before": "-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 0 -x 10\n",
        "after": "-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 2\n",
    }


def test_what_is_refused_comes_with_its_remedy_apart() -> None:
    with pytest.raises(ModuleFailedError) as caught:
        play("ipvs_server", service=WEB, address="192.0.2.21", port=8080)
    error = caught.value.result["error"]
    assert (error["kind"], error["remedy"]) == (
        "refused_options",
        "Write 80 or leave it out, or use lb_kind NAT",
    )
    assert error["remedy"] in caught.value.result["msg"]


def test_check_mode_warns_that_the_service_is_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: warned.append(text))
    play("ipvs_server", check=True, service=WEB, address="192.0.2.29")
    assert warned == []
    play("ipvs_server", check=True, service={"fwmark": 9}, address="192.0.2.21")
    assert warned == ["fwmark 9 is not in the table: unless the service is added before, this fails"]


def test_output_that_is_not_understood_is_an_error_with_a_kind(
    ipvsadm: FakeIpvsadm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ipvsadm, "_saved", lambda: ["-A -t 192.0.2.10:80 -s rr --novelty\n"])
    for name, options in (("ipvs_info", {}), ("ipvs_table", {"services": [], "purge": True})):
        with pytest.raises(ModuleFailedError, match=r"line 1: .* --novelty is not understood") as caught:
            play(name, **options)
        assert caught.value.result["error"]["kind"] == "unreadable"


def test_absence_of_what_is_not_there_is_no_change() -> None:
    assert not play("ipvs_service", address="192.0.2.99", port=80, state="absent")["changed"]
    assert not play("ipvs_server", service={"fwmark": 9}, address="192.0.2.99", state="absent")["changed"]
    assert not play("ipvs_daemon", role="master", state="stopped")["changed"]


def test_changes_and_deletions_are_two_batches(ipvsadm: FakeIpvsadm) -> None:
    play("ipvs_table", services=[{"fwmark": 8}], purge=True)
    assert ipvsadm.batches == ["-A -f 8 -s wlc\n", "-D -f 7\n-D -t 192.0.2.10:80\n"]


def test_a_batch_that_fails_says_which_line_and_why_and_deletes_nothing(ipvsadm: FakeIpvsadm) -> None:
    services = [
        {"address": "192.0.2.11", "port": 80, "lb_algo": "nosuch", "real_servers": [{"address": "192.0.2.21"}]},
        {"address": "192.0.2.12", "port": 80, "lb_algo": "rr"},
    ]
    with pytest.raises(ModuleFailedError) as caught:
        play("ipvs_table", services=services, purge=True)
    result = caught.value.result
    assert result["error"]["kind"] == "unknown_scheduler"
    assert [(each["line"], each["reason"]) for each in result["failed_commands"]] == [
        (1, "Scheduler or persistence engine not found"),
        (2, "Service not defined"),
    ]
    assert "line 1: -A -t 192.0.2.11:80 -s nosuch: Scheduler or persistence engine not found" in result["msg"]
    assert "Nothing was deleted (2 deletions wait)" in result["msg"]
    assert [each["remedy"][:30] for each in result["failed_commands"]] == [
        "See 'ls /lib/modules/$(uname -",
        "Add it first, with lvs.cluster",
    ]
    assert all(each["remedy"] in result["error"]["remedy"] for each in result["failed_commands"])
    assert (result["changed"], result["commands"]) == (True, ["ipvsadm -A -t 192.0.2.12:80 -s rr"])
    assert parse("\n".join(result["table"])) == ipvsadm.table
    services[0]["lb_algo"] = "rr"
    assert play("ipvs_table", services=services, purge=True)["changed"], "a second run converges"
    assert len(ipvsadm.table) == 2
    assert not play("ipvs_table", services=services, purge=True)["changed"]


def test_a_message_tells_a_few_failures_and_the_result_all(ipvsadm: FakeIpvsadm) -> None:
    services = [{"fwmark": mark, "lb_algo": "nosuch"} for mark in range(10, 1010)]
    with pytest.raises(ModuleFailedError, match=r"refused 1000 of 1000 rules: line 1: .*; and 997 more") as caught:
        play("ipvs_table", services=services)
    assert len(str(caught.value)) < 1000
    assert len(caught.value.result["failed_commands"]) == 1000
    assert len(ipvsadm.table) == 2


def test_a_server_without_its_service_fails_with_what_to_do() -> None:
    with pytest.raises(ModuleFailedError, match=r"Service not defined.*lvs\.cluster\.ipvs_service") as caught:
        play("ipvs_server", service={"fwmark": 9}, address="192.0.2.21")
    assert caught.value.result["error"]["kind"] == "no_such_service"


def test_counters_of_a_service_that_is_not_there_cannot_be_zeroed() -> None:
    with pytest.raises(ModuleFailedError, match="fwmark 9 is not in the table"):
        play("ipvs_zero", service={"fwmark": 9})


@pytest.mark.parametrize(
    ("fails", "kind", "remedy"),
    [
        (
            (
                2,
                "modprobe: FATAL: Module ip_vs not found.\nCan't initialize ipvs: Protocol not available\n"
                "Are you sure that IP Virtual Server is built in the kernel or as module?\n",
            ),
            "no_ipvs",
            "modprobe ip_vs",
        ),
        (
            (
                2,
                "Can't initialize ipvs: Permission denied (you must be root)\n"
                "Are you sure that IP Virtual Server is built in the kernel or as module?\n",
            ),
            "not_root",
            "become: true",
        ),
        ((255, "No such device\n"), "no_such_device", "ip -brief link"),
        ((255, "Daemon has already run\n"), "daemon_runs", "run again"),
        ((255, "Invalid operation.  Possibly wrong module version, address not unicast, ...\n"), "invalid", "one host"),
        ((3, ""), "refused", ""),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_every_error_has_a_kind_and_a_remedy(
    ipvsadm: FakeIpvsadm, fails: tuple[int, str], kind: str, remedy: str
) -> None:
    ipvsadm.fails = fails
    for name, options in (
        ("ipvs_service", WEB),
        ("ipvs_info", {}),
        ("ipvs_daemon", {"role": "master", "interface": "x"}),
    ):
        with pytest.raises(ModuleFailedError) as caught:
            play(name, **options)
        assert caught.value.result["error"]["kind"] == kind
        assert remedy in caught.value.result["msg"]


RECORDED_KINDS = {
    "Scheduler or persistence engine not found": "unknown_scheduler",
    "Service already exists": "refused",
    "Destination already exists": "refused",
    "No such service": "no_such_service",
    "Service not defined": "no_such_service",
    "No such destination": "refused",
    "Numerical result out of range": "refused",
    "Invalid operation": "invalid",
    "Daemon has already run": "daemon_runs",
    "No such device": "no_such_device",
    "No daemon is running": "refused",
    "One-Packet Scheduling": "refused",
    "Can't initialize ipvs: Permission denied": "not_root",
}


@pytest.mark.parametrize("recorded", sorted(RECORDED.glob("*/errors.txt")), ids=lambda path: path.parent.name)
def test_recorded_errors_have_the_kinds_that_their_words_mean(recorded: Path) -> None:
    for block in recorded.read_text().split("\n\n"):
        _command, first, *_rest = block.strip().splitlines()
        (kind,) = [kind for words, kind in RECORDED_KINDS.items() if first.startswith(words)]
        assert error_of(first).kind == kind


def test_a_host_without_ipvsadm_is_told_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AnsibleModule, "get_bin_path", lambda _module, _name: None)
    with pytest.raises(ModuleFailedError, match="Install the package ipvsadm") as caught:
        play("ipvs_info")
    assert caught.value.result["error"]["kind"] == "no_ipvsadm"


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("ipvs_service", {}, "one of the following is required: address, fwmark"),
    ("ipvs_service", {"address": "192.0.2.10"}, "port"),
    ("ipvs_service", {**WEB, "fwmark": 7}, "mutually exclusive"),
    ("ipvs_service", {**WEB, "protocol": "icmp"}, "must be one of"),
    ("ipvs_service", {**WEB, "port": 0}, "needs persistence"),
    ("ipvs_server", {"service": WEB, "address": "192.0.2.21", "port": 8080}, "nothing rewrites the port"),
    ("ipvs_server", {"service": {}, "address": "192.0.2.21"}, "service.address: missing"),
    ("ipvs_timeouts", {}, "one of the following is required"),
    ("ipvs_timeouts", {"tcp": 0}, "tcp: 0 is not a number of seconds"),
    ("ipvs_timeouts", {"udp": 2678401}, "udp: 2678401"),
    ("ipvs_daemon", {"role": "master"}, "interface"),
    ("ipvs_daemon", {"role": "master", "interface": "eth1", "syncid": 256}, "syncid: 256"),
    ("ipvs_daemon", {"role": "master", "interface": "an-interface-too-long"}, "interface: an-interface-too-long"),
    ("ipvs_daemon", {"role": "master", "interface": "eth1", "mcast_group": "192.0.2.1"}, "not a multicast address"),
    ("ipvs_daemon", {"role": "master", "interface": "eth1", "mcast_group": "all"}, "mcast_group: all"),
    ("ipvs_daemon", {"role": "master", "interface": "eth1", "mcast_ttl": 0}, "mcast_ttl: 0"),
    ("ipvs_daemon", {"role": "master", "interface": "eth1", "sync_maxlen": 65508}, "sync_maxlen: 65508 .* to 65507"),
    ("ipvs_daemon", {"role": "backup", "interface": "eth1", "sync_maxlen": 1023}, "sync_maxlen: 1023 .* from 1024"),
    (
        "ipvs_daemon",
        {"role": "master", "interface": "eth1", "mcast_group": "ff02::81", "sync_maxlen": 65488},
        "sync_maxlen: 65488 .* to 65487",
    ),
    ("ipvs_zero", {"service": {"fwmark": 0}}, "service.fwmark: 0"),
    ("ipvs_table", {"services": [{"address": "192.0.2.10"}]}, r"services\[0\].port: missing"),
    ("ipvs_table", {"services": [{"fwmark": 7, "weight": 1}]}, "Supported parameters"),
]


@pytest.mark.parametrize(("name", "options", "complaint"), REFUSED)
def test_what_is_refused_is_refused_before_anything_runs(
    ipvsadm: FakeIpvsadm, name: str, options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ModuleFailedError, match=complaint):
        play(name, **options)
    assert {call[0] for call in ipvsadm.calls} <= {"--save", "--list"}
