# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_INSTANCE,
    OTHER_SERVICE,
    OTHER_VIP,
    REMOVED,
    VIP,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    FIRST_SERVICE,
    FIRST_UPSTREAM,
    INSTANCES,
    SECOND_INSTANCE,
    SECOND_SERVICE,
    TWO_UPSTREAMS,
    UPSTREAMS,
    bad,
    problems_with,
    told_once,
)

# A service that nothing is said against.
ALL_PORTS = {
    UPSTREAMS: REMOVED,
    f"{FIRST_SERVICE}.port": 0,
    f"{FIRST_SERVICE}.persistence_timeout": 50,
    f"{FIRST_SERVICE}.check": {"connect_port": 22},
}
SUSPENDED = {f"{FIRST_SERVICE}.ha_suspend": True, f"{FIRST_SERVICE}.alpha": False}

MISTAKES = [
    bad(
        "VIP that no instance carries",
        {f"{FIRST_SERVICE}.address": OTHER_VIP},
        f'= "{OTHER_VIP}": is carried by no VRRP instance',
        f"Add {OTHER_VIP} to the virtual_ipaddress",
    ),
    bad(
        "VIP without any instance", {INSTANCES: REMOVED}, "carried by no VRRP instance", path=f"{FIRST_SERVICE}.address"
    ),
    bad(
        "VIP without an instance, beside another listed twice",
        {f"{FIRST_INSTANCE}.virtual_ipaddress[0]": f"{OTHER_VIP}/32"},
        "carried by no VRRP instance",
        path=f"{FIRST_SERVICE}.address",
    ),
    bad(
        "two services on one socket",
        {**TWO_UPSTREAMS, f"{SECOND_SERVICE}.port": 80, f"{SECOND_SERVICE}.address": VIP},
        "port 80 of this address already belongs to virtual server web",
        "Make it one service",
    ),
    bad(
        "all ports for each connection alone",
        {f"{FIRST_SERVICE}.check": {"connect_port": 80}, UPSTREAMS: REMOVED, f"{FIRST_SERVICE}.port": 0},
        "= 0: is all ports, which nothing would keep together",
        "Write a persistence_timeout",
    ),
    bad(
        "no port to check",
        {**ALL_PORTS, f"{FIRST_SERVICE}.check": {}},
        "is needed, as the service has all ports",
        path=f"{FIRST_SERVICE}.check.connect_port",
    ),
    bad(
        "nginx for all ports",
        {**ALL_PORTS, UPSTREAMS: [{"name": "app", "virtual_server": "web", "servers": ["app1"]}]},
        "has all ports, and nginx listens on one",
        path=f"{FIRST_UPSTREAM}.virtual_server",
    ),
    bad(
        "nginx for UDP",
        {f"{FIRST_SERVICE}.protocol": "UDP"},
        "is of UDP, and nginx serves HTTP",
        path=f"{FIRST_UPSTREAM}.virtual_server",
    ),
    bad(
        "packets of TCP with a mark each alone",
        {
            f"{FIRST_SERVICE}.address": REMOVED,
            f"{FIRST_SERVICE}.port": REMOVED,
            f"{FIRST_SERVICE}.fwmark": 7,
            f"{FIRST_SERVICE}.marked": [{"address": VIP, "ports": [80]}],
            f"{FIRST_SERVICE}.ops": True,
        },
        "is not for TCP",
        "protocol: UDP in marked",
    ),
    bad("packets of TCP each alone", {f"{FIRST_SERVICE}.ops": True}, "is not for TCP", "protocol: UDP"),
    bad(
        "granularity of nothing",
        {f"{FIRST_SERVICE}.persistence_granularity": "255.255.255.0"},
        "has no effect without a persistence_timeout",
    ),
    bad(
        "calls of TCP",
        {f"{FIRST_SERVICE}.persistence_timeout": 50, f"{FIRST_SERVICE}.persistence_engine": "sip"},
        "is not for TCP",
    ),
    bad("netmask with a hole", {f"{FIRST_SERVICE}.persistence_granularity": "255.0.255.0"}, "is no netmask"),
    bad("netmask that is none", {f"{FIRST_SERVICE}.persistence_granularity": "255.0.255.0"}, "is no netmask"),
    bad("no sorry server to keep", {f"{FIRST_SERVICE}.sorry_server_inhibit": True}, "has no sorry_server"),
    bad(
        "sorry server that is kept, and serves",
        {f"{FIRST_SERVICE}.sorry_server": "web2", f"{FIRST_SERVICE}.sorry_server_inhibit": True},
        "keeps what is a real server too in the table",
    ),
    bad(
        "sorry server that is inhibited by itself",
        {
            f"{FIRST_SERVICE}.real_servers[1]": {"host": "web2", "inhibit_on_failure": True},
            f"{FIRST_SERVICE}.sorry_server": "web2",
        },
        "as inhibit_on_failure keeps it in the table",
    ),
    bad(
        "threshold of no limit",
        {f"{FIRST_SERVICE}.real_servers[1]": {"host": "web2", "lthreshold": 5}},
        "has no effect without uthreshold",
        path=f"{FIRST_SERVICE}.real_servers[1].lthreshold",
    ),
    bad(
        "threshold above the limit",
        {f"{FIRST_SERVICE}.real_servers[1]": {"host": "web2", "lthreshold": 5, "uthreshold": 4}},
        "= 5: is more than uthreshold, 4",
        path=f"{FIRST_SERVICE}.real_servers[1].lthreshold",
    ),
    bad(
        "checks that are suspended, of servers that are down until then",
        {f"{FIRST_SERVICE}.ha_suspend": True},
        "leaves a director that takes over without servers",
        "Write alpha: false",
        path=f"{FIRST_SERVICE}.alpha",
    ),
    bad(
        "checks that are suspended, of a server that is down until then",
        {
            **SUSPENDED,
            f"{FIRST_SERVICE}.real_servers[1]": {"host": "web2", "alpha": True},
        },
        "leaves a director that takes over without servers",
        path=f"{FIRST_SERVICE}.real_servers[1].alpha",
    ),
    bad(
        "checks that are suspended, one of which has servers down until then",
        {**SUSPENDED, f"{FIRST_SERVICE}.check": [{}, {"type": "PING_CHECK", "alpha": True}]},
        "leaves a director that takes over without servers",
        path=f"{FIRST_SERVICE}.check[1].alpha",
    ),
    bad(
        "checks that are suspended, and a server's own has it down until then",
        {**SUSPENDED, f"{FIRST_SERVICE}.real_servers[1]": {"host": "web2", "check": {"alpha": True}}},
        "leaves a director that takes over without servers",
        path=f"{FIRST_SERVICE}.real_servers[1].check.alpha",
    ),
    bad("quorum of nothing", {f"{FIRST_SERVICE}.quorum": 0}, "= 0: is out of range", "from 1 to"),
    bad(
        "name of an earlier service",
        {
            f"{FIRST_UPSTREAM}.virtual_server": "web",
            SECOND_INSTANCE: OTHER_INSTANCE,
            SECOND_SERVICE: OTHER_SERVICE,
            f"{SECOND_SERVICE}.name": "web",
        },
        "is the name of an earlier entry too",
    ),
    bad(
        "port that DR cannot rewrite",
        {f"{FIRST_SERVICE}.real_servers[1].port": 8080},
        "= 8080: with lb_kind DR nothing rewrites the port, so it must be the service's, 80",
        "Remove it, or write port: 80",
    ),
    bad(
        "refused port of a service beside a real server's",
        {f"{FIRST_SERVICE}.real_servers[1].port": 80, f"{FIRST_SERVICE}.port": "http"},
        "is not a whole number",
    ),
    bad(
        "port of a sorry server that DR cannot rewrite",
        {f"{FIRST_SERVICE}.sorry_server": {"address": "192.0.2.99", "port": 8080}},
        "= 8080: with lb_kind DR",
        path=f"{FIRST_SERVICE}.sorry_server.port",
    ),
    bad(
        "real server not in the inventory", {f"{FIRST_SERVICE}.real_servers[0]": "web9"}, '"web9": is not a host', "Add"
    ),
    bad(
        "real server by address",
        {f"{FIRST_SERVICE}.real_servers[0]": "198.51.100.9"},
        "is not a host of the inventory",
        "Write {address: 198.51.100.9} for a server outside the inventory",
    ),
    bad(
        "real server without an address",
        {"hosts.web2": {"ansible_host": "web2.example"}},
        '"web2": is a host without an address',
        "Set lvs_address",
        path=f"{FIRST_SERVICE}.real_servers[1]",
    ),
    bad(
        "real server without host and address",
        {f"{FIRST_SERVICE}.real_servers[0]": {"weight": 1}},
        "names no server",
        "host",
    ),
    bad(
        "real server with host and address",
        {f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "address": "192.0.2.21"}},
        '= "web1": has its address in the inventory',
        "Remove host, or address",
    ),
    bad(
        "refused host of a real server",
        {f"{FIRST_SERVICE}.real_servers[0]": {"host": "web 1"}},
        "is not a name",
        path=f"{FIRST_SERVICE}.real_servers[0].host",
    ),
    bad("real server listed twice", {f"{FIRST_SERVICE}.real_servers[2]": "web1"}, "is the same as [0]", "List it once"),
    bad(
        "real server listed twice with two weights",
        {f"{FIRST_SERVICE}.real_servers[2]": "web2"},
        '= "web2": is listed twice',
        "the weight of both",
    ),
    bad(
        "host of the inventory as real server by its address",
        {f"{FIRST_SERVICE}.real_servers[2]": {"address": "192.0.2.31"}},
        '= "192.0.2.31": is the address of host app1, which is set up as real server only if',
        "Write host: app1",
        path=f"{FIRST_SERVICE}.real_servers[2].address",
    ),
    bad(
        "real server that is a director",
        {f"{FIRST_SERVICE}.real_servers[2]": "lvs2"},
        '= "lvs2": is a director of this address, and cannot be its real server too',
        "Use another host",
    ),
    bad(
        "real server in another network than the directors",
        {
            "hosts.web2.ansible_host": "198.51.100.22",
            f"{FIRST_INSTANCE}.virtual_ipaddress": ["203.0.113.1/32", f"{VIP}/24"],
        },
        '= "web2": is not in 192.0.2.0/24, the network of the directors',
        "Set lvs_address of the host",
        "or add the directors' other addresses to their lvs_addresses",
        path=f"{FIRST_SERVICE}.real_servers[1]",
    ),
    bad(
        "real servers of one address",
        {f"{FIRST_SERVICE}.real_servers": [{"address": "198.51.100.9"}, {"address": "198.51.100.9", "weight": 2}]},
        '= "198.51.100.9": is listed twice',
        path=f"{FIRST_SERVICE}.real_servers[1]",
    ),
    bad(
        "real servers that are one machine",
        {"hosts.web3": {"ansible_host": "192.0.2.21"}, f"{FIRST_SERVICE}.real_servers[2]": "web3"},
        '= "web3": is the same machine as web1, by its address 192.0.2.21',
    ),
    bad(
        "real server that is a director's machine",
        {"hosts.web3": {"ansible_host": "192.0.2.12"}, f"{FIRST_SERVICE}.real_servers[2]": "web3"},
        '= "web3": is the same machine as lvs2, a director of this address, and cannot',
    ),
    bad(
        "real server that is a director by its address",
        {f"{FIRST_SERVICE}.real_servers[2]": {"address": "192.0.2.12"}},
        '= "192.0.2.12": is the same machine as lvs2, a director of this address, and cannot',
    ),
    bad(
        "real server that is the VIP",
        {f"{FIRST_SERVICE}.real_servers[2]": {"address": VIP}},
        f'= "{VIP}": floats with instance web: a director would send to itself',
        path=f"{FIRST_SERVICE}.real_servers[2].address",
    ),
    bad(
        "sorry server that is another VIP",
        {**TWO_UPSTREAMS, f"{FIRST_SERVICE}.sorry_server": {"address": OTHER_VIP}},
        "floats with instance mail",
        path=f"{FIRST_SERVICE}.sorry_server.address",
    ),
    bad(
        "sorry server that is a real server whose weight becomes 0",
        {f"{FIRST_SERVICE}.inhibit_on_failure": True, f"{FIRST_SERVICE}.sorry_server": "web2"},
        '= "192.0.2.22": is a real server too: as inhibit_on_failure keeps it in the table',
    ),
    bad(
        "hysteresis of the whole quorum",
        {f"{FIRST_SERVICE}.quorum": 2, f"{FIRST_SERVICE}.hysteresis": 2},
        "= 2: is not below quorum, which is 2",
        "Write at most 1, or raise quorum",
    ),
    bad("hysteresis without a quorum", {f"{FIRST_SERVICE}.hysteresis": 1}, "= 1: is not below quorum, which is 1"),
    bad(
        "quorum that no real servers reach",
        {f"{FIRST_SERVICE}.quorum": 4},
        "= 4: is more than all real servers weigh together, 3",
        "Write at most 3",
    ),
    bad("sorry server not in the inventory", {f"{FIRST_SERVICE}.sorry_server": "web9"}, '"web9": is not a host', "Add"),
    bad(
        "sorry server that is a director",
        {f"{FIRST_SERVICE}.sorry_server": "lvs1"},
        "is a director of this address, and cannot",
    ),
    bad(
        "sorry server without host and address", {f"{FIRST_SERVICE}.sorry_server": {}}, "names no server", "Write host"
    ),
    bad(
        "path of a TCP_CHECK",
        {f"{FIRST_SERVICE}.check": {"path": "/"}},
        '= "/": belongs to HTTP_GET',
        "Remove it, or write type: HTTP_GET",
        path=f"{FIRST_SERVICE}.check.path",
    ),
    bad(
        "status of a TCP_CHECK",
        {f"{FIRST_SERVICE}.check": {"type": "TCP_CHECK", "status_code": 204}},
        "= 204: belongs to HTTP_GET",
        path=f"{FIRST_SERVICE}.check.status_code",
    ),
    bad(
        "port of a PING_CHECK",
        {f"{FIRST_SERVICE}.check": {"type": "PING_CHECK", "connect_port": 8080}},
        "= 8080: belongs to TCP_CHECK and HTTP_GET",
        "Remove it, or write type: TCP_CHECK or HTTP_GET",
        path=f"{FIRST_SERVICE}.check.connect_port",
    ),
    bad(
        "path of a PING_CHECK",
        {f"{FIRST_SERVICE}.check": {"type": "PING_CHECK", "path": "/"}},
        '= "/": belongs to HTTP_GET',
        "Remove it, or write type: HTTP_GET",
        path=f"{FIRST_SERVICE}.check.path",
    ),
    bad(
        "mh-port without mh",
        {f"{FIRST_SERVICE}.mh-port": True},
        "= True: has no effect without lb_algo mh",
        "write lb_algo: mh",
    ),
    bad(
        "sh-port without sh",
        {f"{FIRST_SERVICE}.lb_algo": "mh", f"{FIRST_SERVICE}.sh-port": True},
        "has no effect without lb_algo sh",
    ),
]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "weight": 0}}, id="weight 0"),
        pytest.param({f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "port": 80}}, id="the service's port again"),
        pytest.param({f"{FIRST_SERVICE}.sorry_server": {"address": "198.51.100.9"}}, id="sorry server elsewhere"),
        pytest.param({f"{FIRST_SERVICE}.lb_algo": "mh", f"{FIRST_SERVICE}.mh-port": "yes"}, id="mh with mh-port"),
        pytest.param({**TWO_UPSTREAMS, f"{SECOND_SERVICE}.port": 80}, id="same port on two addresses"),
        pytest.param({f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/24"]}, id="all in one network"),
        pytest.param({"hosts.web2.ansible_host": "198.51.100.22"}, id="real server in a network that nothing tells"),
        pytest.param(
            {
                "hosts.web2.ansible_host": "198.51.100.22",
                "hosts.lvs2.lvs_addresses": {"eth1": "198.51.100.12"},
                f"{FIRST_INSTANCE}.virtual_ipaddress": [f"{VIP}/24"],
            },
            id="real server in another network of a director",
        ),
        pytest.param({f"{FIRST_SERVICE}.sorry_server": "web2"}, id="sorry server that is a real server"),
        pytest.param({**SUSPENDED, f"{FIRST_SERVICE}.check": {"alpha": False}}, id="checks that are suspended"),
        pytest.param(
            {f"{FIRST_SERVICE}.quorum": 3, f"{FIRST_SERVICE}.hysteresis": 2}, id="all of the weight as quorum"
        ),
        pytest.param(
            {f"{FIRST_SERVICE}.quorum": 3, f"{FIRST_SERVICE}.real_servers[0]": {"host": "web1", "weight": 0}},
            id="quorum beside a drained server",
        ),
    ],
)
def test_what_is_legitimate_is_accepted(changes):
    assert problems_with(changes) == []


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)
