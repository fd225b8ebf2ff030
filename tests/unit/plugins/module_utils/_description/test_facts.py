# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.facts import (
    compared,
    interface_of,
    remarks,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_INSTANCE,
    REMOVED,
    STATIC,
    VIP,
    hostvars,
    plain_views,
)

# Recorded with ansible-core 2.19.14, `ansible -m setup -a 'gather_subset=!all,!min,network'`, on a Debian 12 with the
# interfaces lo, eth0 (labelled address eth0:1), eth1 (without address) and br-lan.7; only keys that tell nothing here
# (mtu, macaddress and such) are left out, and C(ansible_) as Ansible itself leaves it out of C(ansible_facts).
RECORDED: dict[str, Any] = {
    "interfaces": ["lo", "eth1", "eth0", "eth0_1", "br-lan.7"],
    "lo": {
        "active": True,
        "device": "lo",
        "ipv4": {
            "address": "127.0.0.1",
            "broadcast": "",
            "netmask": "255.0.0.0",
            "network": "127.0.0.0",
            "prefix": "8",
        },
        "ipv6": [{"address": "::1", "prefix": "128", "scope": "host"}],
        "type": "loopback",
    },
    "eth0": {
        "active": False,
        "device": "eth0",
        "ipv4": {
            "address": "192.0.2.11",
            "broadcast": "",
            "netmask": "255.255.255.0",
            "network": "192.0.2.0",
            "prefix": "24",
        },
        "ipv4_secondaries": [
            {
                "address": "192.0.2.102",
                "broadcast": "",
                "netmask": "255.255.255.255",
                "network": "192.0.2.102",
                "prefix": "32",
            }
        ],
        "type": "ether",
    },
    "eth0_1": {
        "ipv4": {
            "address": "203.0.113.5",
            "broadcast": "",
            "netmask": "255.255.255.0",
            "network": "203.0.113.0",
            "prefix": "24",
        }
    },
    "eth1": {"active": False, "device": "eth1", "type": "ether"},
    "br_lan.7": {
        "active": False,
        "device": "br-lan.7",
        "ipv4": {
            "address": "198.51.100.11",
            "broadcast": "",
            "netmask": "255.255.255.0",
            "network": "198.51.100.0",
            "prefix": "24",
        },
        "ipv4_secondaries": [
            {
                "address": "198.51.100.12",
                "broadcast": "",
                "netmask": "255.255.255.0",
                "network": "198.51.100.0",
                "prefix": "24",
            }
        ],
        "type": "ether",
    },
}


def view_of(host, **own):
    variables = hostvars()
    variables[host].update(own)
    return inventory.view(variables, host)


def taken(**own):
    return view_of("lvs1", **own)["realserver"]["interface"]


@pytest.mark.parametrize(
    ("address", "interface"),
    [
        pytest.param("192.0.2.11", "eth0", id="first address"),
        pytest.param("192.0.2.102", "eth0", id="further address"),
        pytest.param("198.51.100.11", "br-lan.7", id="name with a dash and a dot"),
        pytest.param("198.51.100.12", "br-lan.7", id="further address of such a name"),
        pytest.param("203.0.113.5", "eth0", id="address under a label"),
        pytest.param("192.0.2.99", "", id="address of no interface"),
    ],
)
def test_a_host_s_interface_is_the_one_that_has_its_address(address, interface):
    assert taken(ansible_host=address, ansible_facts=RECORDED) == interface


def test_no_address_is_on_no_interface_though_one_has_none_either():
    assert interface_of(None, RECORDED) == ""


def test_lvs_interface_wins_over_the_facts():
    assert taken(lvs_interface="bond0", ansible_facts=RECORDED) == "bond0"


def test_lvs_address_decides_on_the_interface():
    assert taken(lvs_address="198.51.100.11", ansible_facts=RECORDED) == "br-lan.7"


@pytest.mark.parametrize("facts", [{}, {"ansible_facts": {}}], ids=["no facts at all", "no facts of the network"])
def test_without_facts_no_interface_is_known(facts):
    assert taken(**facts) == ""


def test_the_interface_reaches_keepalived_and_the_realserver():
    variables = hostvars({"hosts.lvs1.ansible_facts": RECORDED})
    view = inventory.view(variables, "lvs1")

    assert view["keepalived"]["vrrp_instances"][0]["interface"] == "eth0"
    assert view["realserver"]["interface"] == "eth0"


NO_SERVICES = {"lvs_virtual_servers": REMOVED, "lvs_nginx_upstreams": REMOVED}

# What setup tells of a host with two interfaces.
FACTS = {
    "os_family": "Debian",
    "interfaces": ["lo", "eth0", "eth1", "eth2"],
    "all_ipv4_addresses": ["192.0.2.11", "198.51.100.11", "203.0.113.11"],
    "lo": {"device": "lo"},
    "eth0": {"device": "eth0", "ipv4": {"address": "192.0.2.11"}},
    "eth1": {"device": "eth1", "ipv4": {"address": "198.51.100.11"}},
    "eth2": {"device": "eth2"},
}
SOURCES = {f"hosts.{host}.lvs_addresses": {"eth1": f"198.51.100.1{host[-1]}"} for host in ("lvs1", "lvs2")}
ON_ETH1 = {"lvs_vrrp_instances[0].interface": "eth1"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [], id="all is there"),
        pytest.param({**SOURCES, **ON_ETH1}, [], id="an instance on another interface"),
        pytest.param(
            ON_ETH1,
            [
                "192.0.2.11, from which lvs1 is to send the adverts of VRRP instance web, is not on its interface "
                "eth1, which has 198.51.100.11. Set lvs_addresses of the host to {eth1: ADDRESS}."
            ],
            id="the address of another network",
        ),
        pytest.param(
            {**ON_ETH1, "hosts.lvs1.lvs_addresses": {"eth1": "203.0.113.11"}},
            [],
            id="an address of which setup does not tell the interface",
        ),
        pytest.param(
            {"hosts.lvs1.lvs_interface": "eth9"},
            [
                "lvs1 has no interface eth9; it has lo, eth0, eth1, eth2. Set lvs_interface of the host, or interface "
                "of the VRRP instance or of the virtual server, to one of them."
            ],
            id="no interface",
        ),
        pytest.param(
            {
                "lvs_vrrp_instances[0].virtual_ipaddress[1]": {"address": "192.0.2.101", "dev": "vrrp.web"},
                "lvs_vrrp_instances[0].track_interface": ["eth1", "eth9"],
                "lvs_vrrp_instances[0].use_vmac": "vrrp.web",
                "lvs_vrrp_instances[0].vmac_xmit_base": True,
                "lvs_static_routes": [{"to": "default", "dev": "eth8", "hosts": ["lvs2"]}],
            },
            [
                "lvs1 has no interface eth9, which lvs_vrrp_instances[0].track_interface[1].interface names; it has "
                "lo, eth0, eth1, eth2. Name one of them."
            ],
            id="no interface to watch",
        ),
        pytest.param(
            {"lvs_vrrp_instances[0].track_interface": ["eth0"]},
            [
                "eth0 is the own interface of VRRP instance web on lvs1, and watched anyway. Remove it from "
                "track_interface."
            ],
            id="own interface, as facts tell",
        ),
        pytest.param(
            {"hosts.lvs1.ansible_host": "192.0.2.99"},
            [
                "no interface of lvs1 has its address in the cluster's network; it has 192.0.2.11, 198.51.100.11, "
                "203.0.113.11. Set lvs_address of the host to one of them, or lvs_interface to the interface that will "
                "have it."
            ],
            id="no such address",
        ),
        pytest.param(
            {"lvs_vrrp_instances[0].interface": "eth2", "lvs_vrrp_instances[0].unicast": False},
            [
                "lvs1 has no IPv4 address on eth2, where the sync daemon tells connections. Give it one, or write "
                "lvs_sync_daemon: false."
            ],
            id="sync daemon on an interface without an address",
        ),
        pytest.param(
            {**SOURCES, **ON_ETH1, "hosts.lvs1.ansible_host": "lvs1.example"}, [], id="director that no name resolves"
        ),
    ],
)
def test_a_host_s_facts_are_held_against_its_description(changes, expected):
    (found,) = compared(plain_views(hostvars(changes), ["lvs1"]), {"lvs1": FACTS}, ["Debian"], {})

    assert found["findings"] == expected
    assert found["refused"] == (["lvs1"] if expected else [])


ALL_OF_IPVS = {"loaded": ["ip_vs"], "loadable": ["ip_vs", "ip_vs_wrr"], "barred": ""}


def findings(host: str, changes: dict[str, Any], *, serving: bool = True, **facts: Any) -> list[str]:
    told = {**of(hostvars()[host]["ansible_host"]), **facts}
    (found,) = compared(plain_views(hostvars(changes), [host]), {host: told}, ["Debian"], {}, serving)
    lines: list[str] = found["findings"]
    return lines


@pytest.mark.parametrize(
    ("told", "fragment"),
    [
        pytest.param({}, "", id="all that is needed"),
        pytest.param({"loaded": ["ip_vs", "ip_vs_wrr"], "loadable": [], "barred": "why"}, "", id="all is loaded"),
        pytest.param({"loaded": [], "loadable": []}, "the kernel of lvs1 has no ip_vs, ip_vs_wrr, and", id="no IPVS"),
        pytest.param({"loadable": ["ip_vs"]}, "the kernel of lvs1 has no ip_vs_wrr, and", id="no such scheduler"),
        pytest.param(
            {"barred": "why"},
            "lvs1 cannot load ip_vs_wrr into its kernel, and a director needs IPVS: why.",
            id="barred",
        ),
    ],
)
@pytest.mark.parametrize("changes", [{}, STATIC], ids=["keepalived", "static"])
def test_a_director_needs_a_kernel_with_ipvs(changes, told, fragment):
    found = findings("lvs1", changes, lvs_ipvs={**ALL_OF_IPVS, **told})

    assert len(found) == bool(fragment)
    assert fragment in "".join(found)


TRACKING = {
    "lvs_vrrp_track_processes": [{"name": "nginx", "process": "nginx"}],
    "lvs_vrrp_instances[0].track_process": ["nginx"],
}


def test_a_process_is_tracked_where_the_kernel_tells_of_it_alone():
    (told,) = findings("lvs1", TRACKING, lvs_process_events=False)
    assert told.startswith("the kernel of lvs1 tells nobody who starts and ends")
    assert "would never see nginx of track_process" in told
    assert findings("lvs1", TRACKING, lvs_process_events=True) == []
    assert findings("lvs1", {}, lvs_process_events=False) == []
    # Who asks for it in a group.
    grouped = {
        "lvs_vrrp_track_processes": TRACKING["lvs_vrrp_track_processes"],
        "lvs_vrrp_instances[1]": {**OTHER_INSTANCE, "hosts": ["lvs1", "lvs2"]},
        "lvs_vrrp_sync_groups": [{"name": "both", "group": ["web", "mail"], "track_process": ["nginx"]}],
    }
    assert len(findings("lvs1", grouped, lvs_process_events=False)) == 1


def test_a_host_that_directs_nothing_needs_no_ipvs():
    nothing = {"loaded": [], "loadable": [], "barred": "its module loading is off"}
    assert findings("lvs1", NO_SERVICES, lvs_ipvs=nothing) == []


def test_a_real_server_needs_no_ipvs_and_who_has_no_rights_is_told_that_alone():
    nothing = {"loaded": [], "loadable": [], "barred": ""}

    assert findings("web1", {}, lvs_ipvs=nothing) == []
    (told,) = findings("lvs1", {}, lvs_ipvs=nothing, effective_user_id=1000, user_id="deploy")
    assert "who may not change it" in told


@pytest.mark.parametrize("changes", [{}, STATIC], ids=["keepalived", "static"])
def test_a_cluster_is_taken_down_from_hosts_that_could_not_serve(changes):
    lacking = {"lvs_ipvs": {"loaded": [], "loadable": [], "barred": "why"}, "lvs_sysctls_writable": False}

    for host in ("lvs1", "web1"):
        assert findings(host, changes, **lacking)
        assert findings(host, changes, serving=False, lvs_keepalived="/run/keepalived.pid", **lacking) == []
    assert findings("lvs1", changes, serving=False, effective_user_id=1000, user_id="deploy")


def test_a_static_director_with_keepalived_is_refused():
    (told,) = findings("lvs1", STATIC, lvs_keepalived="/run/keepalived.pid")

    assert told.startswith("keepalived runs on lvs1, or starts with it (there is /run/keepalived.pid)")
    assert findings("lvs1", {}, lvs_keepalived="/run/keepalived.pid") == []


@pytest.mark.parametrize(
    ("words", "fragment"),
    [
        ({}, ""),
        ({"interface": "eth9"}, "lvs1 has no interface eth9"),
        ({"label": "eth1:web"}, f"eth1:web is no label of eth0, where lvs1 is to have {VIP}"),
    ],
    ids=["its own", "interface that is not there", "label of another one"],
)
def test_a_static_director_needs_the_interface_of_its_address(words, fragment):
    changes = {**STATIC, **{f"lvs_virtual_servers[0].{name}": each for name, each in words.items()}}
    found = findings("lvs1", changes)

    assert len(found) == bool(fragment)
    assert fragment in "".join(found)


def test_a_real_server_that_cannot_be_silent_is_refused_and_a_director_need_not_be():
    facts = {**FACTS, "lvs_sysctls_writable": False}
    entries = compared(plain_views(hostvars({}), ["lvs1", "web1"]), {"lvs1": facts, "web1": facts}, ["Debian"], {})
    told = {each["host"]: " ".join(each["findings"]) for each in entries}
    assert "/proc/sys of web1 is read-only" in told["web1"]
    assert "/proc/sys" not in told["lvs1"]


def test_a_host_that_cannot_be_what_it_should_be_stops_its_cluster_and_no_other():
    entries = plain_views(hostvars(), ["lvs1", "lvs2"])
    others = plain_views(hostvars({"lvs_cluster": "other", "hosts.web1.lvs_interface": "eth0"}), ["web1"])
    facts = {"lvs1": {}, "lvs2": {**FACTS, "os_family": "Suse", "distribution": "SLES"}, "web1": FACTS}

    found = compared([*entries, *others], facts, ["Debian", "RedHat"], {"lvs1": "No space left on device"})

    assert [each["findings"][:1] for each in found] == [
        ["lvs1 cannot be looked at: No space left on device."],
        ["lvs2 runs SLES; the roles know Debian and RedHat."],
        [],
    ]
    assert [each["refused"] for each in found] == [["lvs1", "lvs2"], ["lvs1", "lvs2"], []]


@pytest.mark.parametrize(
    ("user", "findings"),
    [
        ({}, []),
        ({"user_id": "root", "effective_user_id": 0}, []),
        (
            {"user_id": "deploy", "effective_user_id": 1000},
            [
                "Ansible works on lvs1 as user deploy, who may not change it. Write ansible_become: true for it; and"
                " ansible_become_password, or give --ask-become-pass, where sudo asks."
            ],
        ),
    ],
    ids=["who is not told", "root", "who is not root"],
)
def test_a_user_who_may_not_change_a_host_is_told_what_to_write(user, findings):
    facts = {**of(hostvars()["lvs1"]["ansible_host"]), **user}

    (found,) = compared(plain_views(hostvars(), ["lvs1"]), {"lvs1": facts}, ["Debian"], {})

    assert found["findings"] == findings


def test_a_password_that_sudo_misses_is_asked_for():
    reason = "Task failed: Incorrect sudo password"

    (found,) = compared(plain_views(hostvars(), ["lvs1"]), {"lvs1": {}}, ["Debian"], {"lvs1": reason})

    assert found["findings"] == [
        f"lvs1 cannot be looked at: {reason}. Write ansible_become_password for it, or give --ask-become-pass."
    ]


def refusals(changes=None, **unseen):
    """What the hosts of a cluster are told; as the action has it, one of them speaks."""
    entries = plain_views(hostvars(changes), NAMES)
    for each in entries:
        each["cluster"]["speaker"] = "lvs2"
    told = {name: of(hostvars()[name]["ansible_host"]) for name in NAMES}
    return {each["host"]: each["refusal"] for each in compared(entries, told, ["Debian"], unseen)}


def test_a_good_cluster_is_not_refused():
    assert refusals() == dict.fromkeys(NAMES, "")


def test_all_problems_of_a_description_are_told_by_one_host_and_stop_all():
    told = refusals({"lvs_vrrp_instances[0].virtual_router_id": 0, "lvs_sync_daemon": "perhaps"})

    first, *problems = told.pop("lvs2").splitlines()
    assert first == "The description of cluster lvs has 2 problem(s); no host of it was touched:"
    assert [line.partition(" = ")[0] for line in problems] == [
        "1. lvs_vrrp_instances[0].virtual_router_id",
        "2. lvs_sync_daemon",
    ]
    assert set(told.values()) == {"The description of cluster lvs has problems; lvs2 tells them."}


def test_a_host_that_is_refused_tells_why_and_the_others_of_its_cluster_who_it_is():
    told = refusals(web1="No space left on device.")

    assert told.pop("web1") == (
        "web1 cannot be looked at: No space left on device. No host of cluster lvs was changed."
    )
    assert set(told.values()) == {"It is refused with web1, which tells why. No host of cluster lvs was changed."}


def test_an_interface_that_the_description_leaves_open_is_the_one_that_has_the_address():
    (found,) = compared(plain_views(hostvars(), ["lvs1"]), {"lvs1": FACTS}, ["Debian"], {})

    assert found["view"] == inventory.view(hostvars({"hosts.lvs1.ansible_facts": FACTS}), "lvs1")
    assert found["view"]["keepalived"]["vrrp_instances"][0]["interface"] == "eth0"


@pytest.mark.parametrize(
    ("devices", "interface"),
    [(["eth0"], "eth0"), (["eth0", "eth0_1"], "eth0_1"), (["eth1"], ""), (["eth"], "")],
    ids=["its interface", "the longer of two", "another's", "the start of a name"],
)
def test_a_label_is_of_the_interface_whose_name_it_starts_with(devices, interface):
    told = {each: {"device": each} for each in devices}
    facts = {"interfaces": ["eth0_1_a", *devices], "eth0_1_a": {"ipv4": {"address": "192.0.2.11"}}, **told}

    assert interface_of("192.0.2.11", facts) == interface


def test_a_label_is_no_interface_to_choose():
    (found,) = compared(
        plain_views(hostvars({"hosts.lvs1.lvs_interface": "eth0_1"}), ["lvs1"]),
        {"lvs1": {**RECORDED, "os_family": "Debian"}},
        ["Debian"],
        {},
    )

    (finding,) = found["findings"]
    assert finding.startswith("lvs1 has no interface eth0_1; it has lo, eth1, eth0, br-lan.7. Set")


def of(address: str, prefix: int | str = 24, **eth0: Any) -> dict[str, Any]:
    """What setup tells of a host with one address."""
    return {
        "os_family": "Debian",
        "interfaces": ["lo", "eth0"],
        "default_ipv4": {"gateway": "192.0.2.254", "interface": "eth0"},
        "lo": {"device": "lo", "mtu": 65536, "ipv4": {"address": "127.0.0.1", "prefix": "8"}},
        "eth0": {"device": "eth0", "mtu": 1500, "ipv4": {"address": address, "prefix": str(prefix)}, **eth0},
    }


NAMES = ["lvs1", "lvs2", "web1", "web2"]


def remarked(changes: dict[str, Any] | None = None, **facts: Any) -> list[str]:
    """What is remarked upon the hosts of a good cluster, but for the changes, and the facts that are given here."""
    variables = hostvars(changes)
    told = {name: of(variables[name]["ansible_host"]) for name in NAMES}
    for name, its in facts.items():
        told[name] = {**told[name], **its}
    entries = compared(plain_views(variables, NAMES), told, ["Debian"], {})
    assert [each["findings"] for each in entries] == [[]] * len(NAMES)
    return remarks(entries, told)


FAR = {"hosts.web1.ansible_host": "198.51.100.21"}


def test_hosts_of_one_network_and_one_mtu_are_not_remarked_upon():
    assert remarked() == []


@pytest.mark.parametrize(
    ("changes", "server"),
    [
        pytest.param(FAR, "web1 (198.51.100.21)", id="host"),
        pytest.param(
            {"lvs_virtual_servers[0].real_servers[0]": {"address": "198.51.100.9"}},
            "198.51.100.9",
            id="server outside the inventory",
        ),
    ],
)
def test_a_real_server_in_no_network_of_a_director_is_told_with_what_the_director_has(changes, server):
    line = (
        "{0} is in no network with {1}, but in 192.0.2.0/24 on eth0: lb_kind DR needs a route to a real server that "
        "passes no router. Give {0} an address in the server's network, or take a real server in its own."
    )

    assert remarked(changes) == [line.format("lvs1", server), line.format("lvs2", server)]


def second(address: str) -> dict[str, Any]:
    """What setup tells of one interface more."""
    return {
        "interfaces": ["lo", "eth0", "eth1"],
        "eth1": {"device": "eth1", "ipv4": {"address": address, "prefix": 24}},
    }


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        pytest.param({}, {name: second(f"198.51.100.1{name[-1]}") for name in ("lvs1", "lvs2")}, id="second interface"),
        pytest.param(
            {},
            {
                name: of(
                    f"192.0.2.1{name[-1]}", ipv4_secondaries=[{"address": f"198.51.100.1{name[-1]}", "prefix": 24}]
                )
                for name in ("lvs1", "lvs2")
            },
            id="second address",
        ),
        pytest.param(
            {
                "lvs_vrrp_instances[0].virtual_ipaddress": ["198.51.100.100/24"],
                "lvs_virtual_servers[0].address": "198.51.100.100",
                "lvs_virtual_servers[0].real_servers": ["web1"],
            },
            {},
            id="network that floats with the master",
        ),
        pytest.param(
            {},
            {name: of(f"192.0.2.1{name[-1]}", prefix=32) for name in ("lvs1", "lvs2")},
            id="directors that are told all their routes",
        ),
    ],
)
def test_a_real_server_that_a_director_may_reach_is_not_remarked_upon(changes, facts):
    assert remarked({**FAR, **changes}, **facts) == []


def test_an_mtu_that_is_another_on_a_real_server_is_told_once_for_all_real_servers():
    servers = {name: of(hostvars()[name]["ansible_host"], mtu=9000) for name in ("web1", "web2")}

    assert remarked(**servers) == [
        f"the MTU of eth0 of {director} is 1500, and that of eth0 of web1, web2 is 9000: with lb_kind DR a packet goes "
        "through both, and what is too big for one is lost. Set the same MTU on both."
        for director in ("lvs1", "lvs2")
    ]


def test_the_mtu_of_another_interface_does_not_matter():
    other = second("198.51.100.21")
    other["eth1"]["mtu"] = 9000

    assert remarked(web1=other) == []


ELSEWHERE = {
    "lvs_vrrp_instances[0].virtual_ipaddress": ["203.0.113.100/32"],
    "lvs_virtual_servers[0].address": "203.0.113.100",
}


def test_hosts_without_a_way_to_the_clients_of_an_address_are_told_together():
    assert remarked(ELSEWHERE, web1={"default_ipv4": {}}, web2={"default_ipv4": {}}) == [
        "on web1, web2 there is neither a network with 203.0.113.100 nor a default route: clients in networks that the "
        "host has no route to get no answer. Give it a default route, or a route to them."
    ]


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        pytest.param(ELSEWHERE, {}, id="default route"),
        pytest.param({}, {name: {"default_ipv4": {}} for name in NAMES}, id="in their network"),
    ],
)
def test_hosts_that_may_answer_the_clients_of_an_address_are_not_remarked_upon(changes, facts):
    assert remarked(changes, **facts) == []


def test_an_address_that_a_master_has_at_present_is_no_network_of_its_own():
    """A run before and a run after tell the same."""
    holding = of("192.0.2.11", ipv4_secondaries=[{"address": "203.0.113.100", "prefix": 32}])

    (line,) = remarked(ELSEWHERE, lvs1={**holding, "default_ipv4": {}})

    assert line.startswith("on lvs1 there is neither a network with 203.0.113.100 nor a default route")


@pytest.mark.parametrize(
    ("prefix", "held"),
    [(32, []), (24, [{"address": "192.0.2.100", "prefix": 24}])],
    ids=["backup", "master at present"],
)
def test_directors_of_one_address_in_two_networks_are_told(prefix, held):
    (line,) = remarked(
        {
            "hosts.lvs2.ansible_host": "198.51.100.12",
            "lvs_vrrp_instances[0].virtual_ipaddress": [f"192.0.2.100/{prefix}"],
        },
        lvs2=of("198.51.100.12", ipv4_secondaries=held) | second("192.0.2.12"),
    )

    assert line == (
        "VRRP instance web is in 192.0.2.0/24 on eth0 of lvs1 and in 198.51.100.0/24 on eth0 of lvs2, and an address "
        "floats within one network only. Set interface of the instance, or lvs_interface of the host, to the one in "
        "their common network."
    )


def test_hosts_that_cannot_be_reached_and_clusters_that_are_refused_are_not_remarked_upon():
    variables = hostvars(FAR)
    told = {name: of(variables[name]["ansible_host"]) for name in ("lvs1", "web1")}
    # Of lvs2 and web2 nothing is known.
    entries = compared(plain_views(variables, list(told)), told, ["Debian"], {})
    assert [line.split()[0] for line in remarks(entries, told)] == ["lvs1"]

    entries = compared(plain_views(variables, list(told)), told, ["Debian"], {"web1": "No space left on device"})
    assert remarks(entries, told) == []


def test_who_sets_up_the_network_of_a_real_server_is_told_where_somebody_may_expect_another():
    told = {"lvs_network_notes": ["the files ifcfg-* are passed over"]}

    assert remarked(web1=told, lvs1=told) == ["web1: the files ifcfg-* are passed over"]


def test_who_has_its_addresses_on_a_card_is_told_nothing_of_a_dummy_device():
    told = {"lvs_network_notes": ["the files ifcfg-* are passed over"], "lvs_holder_notes": ["they stand on lvs0"]}

    assert remarked(STATIC, lvs1=told) == ["lvs1: the files ifcfg-* are passed over"]
    assert remarked(STATIC, web1=told) == ["web1: the files ifcfg-* are passed over", "web1: they stand on lvs0"]
