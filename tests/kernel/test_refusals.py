"""What ipvsadm or the kernel would not take is refused, and the table stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.cluster.plugins.module_utils._host import kernel
from ansible_collections.lvs.cluster.tests.kernel.conftest import (
    RULES,
    drain_state,
    kernel_state,
    kernel_table,
    run,
    run_command,
    sh,
)
from ansible_collections.lvs.cluster.tests.unit.playing import ModuleFailedError, play

WEB = {"address": "192.0.2.10", "port": 80}
NEW = {"address": "192.0.2.11", "port": 80}
SERVER = {"service": WEB, "address": "192.0.2.99"}

# Bad values of each option; those that a single service or server has are tried in a table too.
BAD_SERVICES: list[dict[str, Any]] = [
    {"port": 65536},
    {"port": -1},
    {"port": 0},
    {"port": None},
    {"address": "www.example.com"},
    {"address": "192.0.2.10/24"},
    {"address": "192.0.2.256"},
    {"address": "2001:db8::g"},
    {"address": "192.0.2.11 -p"},
    {"protocol": "icmp"},
    {"address": "239.0.0.1"},
    {"address": "::ffff:192.0.2.11"},
    {"family": "ipv6"},
    {"fwmark": 7},
    {"address": None, "port": None, "fwmark": 7, "protocol": "udp"},
    {"address": None, "port": None},
    {"address": None, "port": None, "fwmark": 0},
    {"address": None, "port": None, "fwmark": 4294967296},
    {"address": None, "fwmark": 7},
    {"lb_algo": "nosuch"},
    {"lb_algo": "rr -p 5"},
    {"lb_algo": "rr\n-C"},
    {"lb_flags": ["flag-4"]},
    {"lb_flags": ["mh-port"]},
    {"lb_algo": "sh", "lb_flags": ["flag-3"]},
    {"persistence_timeout": 0},
    {"persistence_timeout": 2678401},
    {"persistence_timeout": "soon"},
    {"persistence_granularity": "24"},
    {"persistence_timeout": 9, "persistence_granularity": "33"},
    {"persistence_timeout": 9, "persistence_granularity": "255.0.0"},
    {"persistence_timeout": 9, "persistence_granularity": "²"},
    {"persistence_engine": "sip"},
    {"persistence_timeout": 9, "persistence_engine": "nosuch"},
    {"ops": True},
    {"ops": True, "protocol": "sctp"},
    {"no_such_option": 1},
    {"port": True},
    {"persistence_timeout": True},
    {"address": "192.0.2.11\0"},
    {"lb_algo": "r\0r"},
    {"lb_flags": ["\0"]},
    {"persistence_timeout": 9, "persistence_granularity": "\0"},
    {"persistence_timeout": 9, "persistence_engine": "\0"},
]
BAD_SERVERS: list[dict[str, Any]] = [
    {"address": "web1"},
    {"address": "239.0.0.1"},
    {"address": "0.0.0.0"},
    {"address": "2001:db8::99"},
    {"address": "2001:db8::99", "lb_kind": "NAT"},
    {"address": "fe80::99", "lb_kind": "TUN"},
    {"address": "::ffff:192.0.2.99", "lb_kind": "TUN"},
    {"port": 8080},
    {"port": 8080, "lb_kind": "TUN"},
    {"port": 65536, "lb_kind": "NAT"},
    {"lb_kind": "LOCAL"},
    {"weight": -1},
    {"weight": 65536},
    {"weight": "heavy"},
    {"weight": True},
    {"port": True, "lb_kind": "NAT"},
    {"uthreshold": True},
    {"uthreshold": 5, "lthreshold": True},
    {"address": "192.0.2.99\0"},
    {"uthreshold": -1},
    {"uthreshold": 2147483648},
    {"lthreshold": 1},
    {"uthreshold": 5, "lthreshold": 6},
    {"tun_type": "gue"},
    {"tun_port": 6080},
    {"tun_checksum": "csum"},
    {"lb_kind": "TUN", "tun_type": "vxlan"},
    {"lb_kind": "TUN", "tun_type": "gue"},
    {"lb_kind": "TUN", "tun_type": "gue", "tun_port": 65536},
    {"lb_kind": "TUN", "tun_port": 6080},
    {"lb_kind": "TUN", "tun_checksum": "csum"},
    {"lb_kind": "TUN", "tun_type": "gre", "tun_checksum": "remcsum"},
]
# As -e services=... gives them.
TEXTS = ["web", "", "web,dns", "a=b,c", "[1", "{'a'", "5"]
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("ipvs_server", {"service": NEW, "address": "192.0.2.99"}),
    ("ipvs_server", {"service": {}, "address": "192.0.2.99"}),
    ("ipvs_server", {"address": "192.0.2.99"}),
    ("ipvs_table", {"services": [WEB, WEB]}),
    *(("ipvs_table", {"services": text, "purge": True}) for text in TEXTS),
    ("ipvs_table", {"services": [{**WEB, "real_servers": [{"address": "192.0.2.99"}, {"address": "192.0.2.99"}]}]}),
    ("ipvs_timeouts", {}),
    ("ipvs_timeouts", {"tcp": 0}),
    ("ipvs_timeouts", {"tcp": True}),
    ("ipvs_timeouts", {"udp": 2678401}),
    ("ipvs_daemon", {"role": "both", "interface": "lo"}),
    ("ipvs_daemon", {"role": "master"}),
    ("ipvs_daemon", {"role": "master", "interface": "nodev0"}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "syncid": 256}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "syncid": True}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "mcast_port": True}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "mcast_ttl": True}),
    ("ipvs_daemon", {"role": "backup", "interface": "lo", "sync_maxlen": True}),
    ("ipvs_daemon", {"role": "master", "interface": "l\0o"}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "mcast_group": "224.0.0.81\0"}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "mcast_group": "192.0.2.1"}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "mcast_port": 0}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "mcast_ttl": 256}),
    ("ipvs_daemon", {"role": "master", "interface": "lo", "sync_maxlen": 65508}),
    ("ipvs_daemon", {"role": "backup", "interface": "lo", "sync_maxlen": 1023}),
    ("ipvs_zero", {"service": NEW}),
    ("ipvs_drain", {"address": "192.0.2.99"}),
    ("ipvs_drain", {"address": "192.0.2.21", "port": 81}),
    ("ipvs_drain", {"address": "192.0.2.21", "service": NEW}),
    ("ipvs_drain", {"address": "192.0.2.21", "state": "restored", "weight": 65536}),
    ("ipvs_drain", {"address": "192.0.2.21", "state": "restored"}),
    ("ipvs_drain", {"address": "192.0.2.22", "timeout": -1}),
    ("ipvs_drain", {"address": "192.0.2.22", "interval": 0}),
    ("ipvs_drain", {"address": "192.0.2.22", "weight": 3}),
    ("ipvs_drain", {"address": "192.0.2.22", "wait_for": ["all"]}),
    ("ipvs_drain", {"address": "192.0.2.29", "expire_quiescent_template": True}),
    ("ipvs_drain", {"address": "198.51.100.31", "expire_quiescent_template": True}),
    ("ipvs_info", {"connections_limit": -1}),
    ("ipvs_info", {"gather": ["all"]}),
]
MATRIX = [
    *(("ipvs_service", {**NEW, **bad}) for bad in BAD_SERVICES),
    *(("ipvs_table", {"services": [{**NEW, **bad}], "purge": True}) for bad in BAD_SERVICES),
    *(("ipvs_server", {**SERVER, **bad}) for bad in BAD_SERVERS),
    *(
        ("ipvs_table", {"services": [{**WEB, "real_servers": [{"address": "192.0.2.99", **bad}]}], "purge": True})
        for bad in BAD_SERVERS
    ),
    *OTHERS,
]


# What is looked at of modules that could touch more than the table.
STATES = {"ipvs_daemon": kernel_state, "ipvs_timeouts": kernel_state, "ipvs_drain": drain_state}


@pytest.fixture(scope="module")
def untouched() -> dict[Callable[[], str], str]:
    """The state from which all refusals start, and to which all of them must come back."""
    run(["ipvsadm", "-C"])
    run(["ipvsadm", "-R"], stdin=RULES)
    # A scheduler that drops what falls on a drained server.
    run(["ipvsadm", "-R"], stdin="-A -f 31 -s sh\n-a -f 31 -r 198.51.100.31:0 -w 1\n")
    return {read: read() for read in (kernel_table, kernel_state, drain_state)}


@pytest.mark.parametrize(("name", "options"), MATRIX, ids=lambda each: each if isinstance(each, str) else "")
def test_a_refusal_leaves_the_kernel_as_it_was(
    untouched: dict[Callable[[], str], str], name: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ModuleFailedError) as caught:
        play(name, **options)
    message = str(caught.value)
    assert "Traceback" not in message
    assert "\0" not in message
    assert "This version of ipvsadm" not in message
    read = STATES.get(name, kernel_table)
    assert read() == untouched[read]


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("text", TEXTS)
def test_text_in_place_of_services_is_called_by_its_name(text: str) -> None:
    with pytest.raises(ModuleFailedError, match="services"):
        play("ipvs_table", services=text)


@pytest.mark.parametrize(
    ("option", "name"), [({"lb_algo": "nosuch"}, "ip_vs_nosuch"), ({"persistence_engine": "nosuch"}, "ip_vs_pe_nosuch")]
)
def test_what_the_kernel_has_no_scheduler_for_fails_in_check_mode_and_loads_nothing(
    rules: str, option: dict[str, Any], name: str
) -> None:
    service = {**NEW, "persistence_timeout": 9, **option}
    before = run(["lsmod"])
    for check in (True, False):
        for module, options in (("ipvs_service", service), ("ipvs_table", {"services": [service], "purge": True})):
            with pytest.raises(ModuleFailedError, match=name) as caught:
                play(module, check=check, **options)
            assert caught.value.result["error"]["kind"] == "unknown_scheduler"
    assert kernel_table() == rules
    assert run(["lsmod"]) == before


@pytest.mark.usefixtures("empty")
def test_where_the_modules_of_the_kernel_are_not_there_it_speaks_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "LIB_MODULES", "/nonexistent")
    play("ipvs_service", check=True, **NEW, lb_algo="nosuch")
    with pytest.raises(ModuleFailedError, match="Scheduler or persistence engine not found") as caught:
        play("ipvs_service", **NEW, lb_algo="nosuch")
    assert caught.value.result["error"]["kind"] == "unknown_scheduler"


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("name", "options", "kind"),
    [
        ("ipvs_service", {**NEW, "lb_algo": "nosuch"}, "unknown_scheduler"),
        ("ipvs_service", {**NEW, "persistence_timeout": 9, "persistence_engine": "nosuch"}, "unknown_scheduler"),
        ("ipvs_server", {"service": NEW, "address": "192.0.2.99"}, "no_such_service"),
        ("ipvs_daemon", {"role": "master", "interface": "nodev0"}, "no_such_device"),
        ("ipvs_zero", {"service": NEW}, "no_such_service"),
    ],
)
def test_the_kernels_refusals_have_a_kind_and_a_remedy(name: str, options: dict[str, Any], kind: str) -> None:
    with pytest.raises(ModuleFailedError) as caught:
        play(name, **options)
    error = caught.value.result["error"]
    assert error["kind"] == kind
    assert error["remedy"]
    assert error["remedy"] in caught.value.result["msg"]


@pytest.mark.usefixtures("rules")
@pytest.mark.parametrize(("name", "options"), [("ipvs_info", {}), ("ipvs_table", {"services": [], "purge": True})])
def test_who_is_not_root_is_told_so(name: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    before = kernel_table()
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    # The program itself may stand in a home that nobody else may read.
    as_nobody += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    monkeypatch.setattr(
        AnsibleModule, "run_command", lambda _module, words, **options: run_command([*as_nobody, *words], **options)
    )
    with pytest.raises(ModuleFailedError, match="become") as caught:
        play(name, **options)
    assert caught.value.result["error"]["kind"] == "not_root"
    assert kernel_table() == before


@pytest.mark.usefixtures("rules", "quiet")
@pytest.mark.parametrize("role", ["master", "backup"])
def test_a_daemon_runs_on_where_the_wanted_one_cannot(device: str, role: str) -> None:
    options = {"role": role, "interface": device, "syncid": 7, "mcast_ttl": 3, "sync_maxlen": 1400}
    play("ipvs_daemon", **options)
    before = kernel_state()
    sh("ip link add down0 type dummy")  # is there, and is down
    try:
        for interface, kind, message in (("nodev0", "no_such_device", "nodev0"), ("down0", "", "runs again")):
            if (interface, role) == ("down0", "backup"):
                continue  # the kernel receives by it
            with pytest.raises(ModuleFailedError, match=message) as caught:
                play("ipvs_daemon", **{**options, "interface": interface})
            assert caught.value.result["error"]["kind"] in (kind, "no_route", "no_such_device")
            assert kernel_state() == before
        with pytest.raises(ModuleFailedError, match="nodev0"):
            play("ipvs_daemon", check=True, **{**options, "interface": "nodev0"})
    finally:
        sh("ip link del down0")


@pytest.mark.usefixtures("rules", "quiet")
def test_a_sync_daemon_and_a_server_of_another_family_exclude_each_other(device: str) -> None:
    play("ipvs_daemon", role="master", interface=device)
    with pytest.raises(ModuleFailedError, match="another family") as caught:
        play("ipvs_server", service=WEB, address="2001:db8::99", lb_kind="TUN")
    assert caught.value.result["error"]["kind"] == "invalid"
