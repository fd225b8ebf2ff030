"""What an instance can do, run for real: judged by a client, by the mail that it got, and by keepalived itself."""

from __future__ import annotations

import contextlib
import json
import re
import time
from email import message_from_string

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import parse_version
from harness import judge
from harness.cluster import only
from harness.lab import KEEPALIVED_DUMP
from harness.playbooks import recap

# RFC 9568, 7.3: the last one is the number of the instance.
VMAC = "00:00:5e:00:01:{:02x}"
GROUP = "224.0.0.18"
# Of two lines that tcpdump writes: from which MAC and address to which, the instance, the kind of password and it.
ADVERT = re.compile(
    r"^\S+ (\S+) > .*\n\s+(\S+) > (\S+):.* vrid (\d+), .*authtype (\w+),.*?(?: auth \"([^\"]*)\")?$", re.MULTILINE
)
MAILBOX = "/home/ops/Maildir/new"


@pytest.fixture(scope="session")
def directors(cluster):
    return cluster.groups["lvs_directors"]


@pytest.fixture(scope="session")
def instances(cluster):
    return {each.name: each for each in cluster.instances}


@pytest.fixture(scope="session")
def services(cluster):
    return {each.name: each for each in cluster.services}


@pytest.fixture
def states(directors, instances, lab):
    """What the keepalived of each host of an instance says of its state."""

    def read():
        told = lab.vrrp_states(directors)
        return {name: {host: told[host][name] for host in each.hosts} for name, each in instances.items()}

    return read


@pytest.fixture
def settled(instances, states, steady, wait_for):
    """Waits until the preferred directors are masters, and all others backups."""
    wanted = {
        name: {host: "MASTER" if host == each.hosts[0] else "BACKUP" for host in each.hosts}
        for name, each in instances.items()
    }

    def wait():
        steady()
        wait_for("the preferred masters, and backups", states, lambda seen: seen == wanted)

    return wait


@pytest.fixture
def prove(lab, client, services):
    """Proves that a service is served through this director."""
    return lambda name, director: judge.prove(lab, client, services[name], director)


@pytest.fixture
def marks(directors, lab):
    """What the scripts of each director have said under a name since this was asked for, in its order."""

    def read(name):
        told = lab.exec_all(directors, "journalctl", "-b", "-q", "-o", "cat", "-t", name)
        return {host: text.splitlines() for host, text in told.items()}

    def begin(name):
        before = read(name)
        return lambda: {host: lines[len(before[host]) :] for host, lines in read(name).items()}

    return begin


@pytest.fixture
def mail(cluster, lab):
    """The subjects of what has come since this was asked for."""

    def read():
        texts = json.loads(lab.exec(cluster.client, "python3", "-c", READ_MAIL))
        return {name: message_from_string(text)["Subject"] for name, text in texts.items()}

    def begin():
        before = read()
        return lambda: {subject for name, subject in read().items() if name not in before}

    return begin


READ_MAIL = f"""
import json, pathlib
print(json.dumps({{each.name: each.read_text() for each in pathlib.Path("{MAILBOX}").glob("*")}}))
"""


@pytest.fixture
def unwell(lab, faults):
    """What a director watches is wrong for a while."""

    @contextlib.contextmanager
    def change(host, wrong, right):
        lab.shell(host, wrong)
        with faults.healing(lambda: lab.shell(host, right)):
            yield

    return change


@pytest.fixture
def priority(lab):
    return lambda host, instance: lab.vrrp_instances([host])[host][instance]["effective_priority"]


def test_three_versions_of_keepalived_are_one_cluster(directors, lab, settled, prove):
    settled()
    told = lab.exec_all(directors, "sh", "-c", "keepalived --version 2>&1")
    assert len({parse_version(text) for text in told.values()}) == 3, told
    for service in ("web", "watched"):
        prove(service, {"web": "lvs1", "watched": "lvs3"}[service])


def test_adverts_go_to_the_group_from_the_masters_own_address_with_the_password(
    cluster, lab, instances, settled, wait_for
):
    settled()

    def heard(interface):
        words = ["timeout", "5", "tcpdump", "-lnnev", "-i", interface, "proto 112 and multicast"]
        return set(ADVERT.findall(lab.exec(cluster.client, *words, check=False)))

    outer, inner, vmac = (instances[name] for name in ("outer", "inner", "vmac"))
    master = outer.hosts[0]
    (own,) = (each.ipv4 for node in lab.inventory.nodes if node.name == master for each in node.interfaces[1:])
    wanted = {
        "eth0": {
            (lab.mac(master), cluster.addresses[master], GROUP, str(outer.virtual_router_id), "simple", "lvs-lab"),
            (VMAC.format(vmac.virtual_router_id), cluster.addresses[vmac.hosts[0]], GROUP, "53", "none", ""),
        },
        "eth1": {(lab.mac(master, "eth1"), own, GROUP, str(inner.virtual_router_id), "simple", "lvs-lab")},
    }
    # A starved machine starts tcpdump late, and misses an advert.
    for interface, adverts in wanted.items():
        wait_for(f"the adverts on {interface}", lambda on=interface: heard(on), adverts.__eq__)


def test_a_mac_of_vrrps_own_answers_for_its_address_whoever_is_master(
    lab, client, unwell, instances, states, settled, wait_for
):
    """A faulty interface makes it another one: it is tracked without a weight."""
    settled()
    vmac = instances["vmac"]
    (address,) = vmac.addresses
    mac = VMAC.format(vmac.virtual_router_id)
    master, backup = vmac.hosts
    assert client.arp(address) == {mac}
    with unwell(master, "ip link set dev eth1 down", "ip link set dev eth1 up"):
        wait_for("the fault", lambda: states()["vmac"] == {master: "FAULT", backup: "MASTER"})
        assert lab.holders(address, vmac.hosts) == [backup]
        assert client.arp(address) == {mac}


def test_a_route_and_a_label_go_with_the_address(directors, lab, faults, instances, settled, wait_for):
    outer = instances["outer"]
    (address,), (route,) = outer.addresses, outer.virtual_routes

    def having():
        routes = lab.exec_all(directors, "ip", "-json", "route", "show", "table", str(route.table), check=False)
        labels = lab.exec_all(directors, "ip", "-json", "-4", "address", "show", "dev", "eth0")
        return (
            [
                host
                for host, text in routes.items()
                for each in json.loads(text or "[]")
                if each["gateway"] == route.via
            ],
            [
                (host, each["label"])
                for host, text in labels.items()
                for link in json.loads(text)
                for each in link.get("addr_info", ())
                if each["local"] == address
            ],
        )

    settled()
    label = outer.virtual_ipaddress[0].label
    master, backup = outer.hosts
    assert having() == ([master], [(master, label)])
    with faults.stopped(master, "keepalived"):
        wait_for("both on the backup", having, lambda seen: seen == ([backup], [(backup, label)]))


def test_scripts_mark_each_change_and_mail_tells_of_a_takeover(
    instances, faults, settled, prove, marks, mail, wait_for
):
    settled()
    master, backup = instances["outer"].hosts
    said = {name: marks(name) for name in ("lvs-outer", "lvs-group", "lvs-told")}
    came = mail()
    with faults.stopped(master, "keepalived"):
        prove("web", backup)
        taken = {
            f"[{backup}] VRRP Instance outer - Entering MASTER state",
            f"[{backup}] VRRP Group router - Entering MASTER state",
        }
        wait_for("the mail of the takeover", came, lambda subjects: taken <= subjects)
    settled()
    # keepalived waits for no script: what the last one says may come after the state.
    for name, marked in (("lvs-outer", ["stop", "backup", "master"]), ("lvs-group", ["backup", "master"])):
        wait_for(
            f"all marks of {name}",
            said[name],
            lambda now, marked=marked: (now[master], now[backup]) == (marked, ["master", "backup"]),
        )
    for who, priority in (("INSTANCE outer", "254"), ("GROUP router", "0")):
        # Of the script that is told of keepalived's end keepalived makes an end a second later, whatever it has said.
        wait_for(
            f"what {who} has told of",
            lambda who=who: [
                line for line in said["lvs-told"]()[master] if line.startswith(who) and " STOP " not in line
            ],
            [f"{who} {state} {priority}" for state in ("BACKUP", "MASTER")].__eq__,
        )
    back = {
        f"[{master}] VRRP Instance outer - Entering MASTER state",
        f"[{backup}] VRRP Instance outer - Entering BACKUP state",
    }
    wait_for("the mail of the way back", came, lambda subjects: back <= subjects)
    # Of the other instances no mail is wanted.
    assert not [subject for subject in came() if re.search("Instance (inner|vmac|watched)", subject)]


def test_mail_tells_of_the_fall_and_the_rise_of_a_real_server(cluster, services, faults, settled, mail, wait_for):
    settled()
    came = mail()
    web = services["web"]
    server = only(sorted(web.realservers))

    def of(word):
        """The directors that told of it."""
        pattern = (
            rf"\[(\w+)\] Realserver \S*{re.escape(cluster.addresses[server])}\S* of .*{re.escape(web.vip)}.* - {word}"
        )
        found = (re.match(pattern, subject) for subject in came())
        return {match[1] for match in found if match}

    with faults.stopped(server, "nginx"):
        wait_for("mail of the fall", lambda: of("DOWN"), lambda told: told == set(web.directors))
    wait_for("mail of the rise", lambda: of("UP"), lambda told: told == set(web.directors))


@pytest.mark.parametrize("network", ["outer", "inner"])
def test_both_addresses_of_a_group_move_when_one_cable_is_cut(
    lab, client, faults, instances, states, settled, prove, marks, wait_for, network
):
    settled()
    outer, inner = instances["outer"], instances["inner"]
    master, backup = outer.hosts
    (address,) = inner.addresses
    said = marks("lvs-outer")
    lab("cut", master, network)
    with faults.healing(lambda: lab("join", master, network)):
        wait_for(
            "both on the backup",
            states,
            lambda seen: all(seen[name] == {master: "FAULT", backup: "MASTER"} for name in ("outer", "inner")),
        )
        prove("web", backup)
        assert client.arp(address) == {lab.mac(backup, "eth1")}
    settled()
    assert client.arp(address) == {lab.mac(master, "eth1")}
    wait_for("all marks", said, lambda now: now[master] == ["fault", "backup", "master"])


@pytest.mark.parametrize(
    ("wrong", "right", "lowered"),
    [
        ("echo -50 >/run/lvs-planned", "echo 0 >/run/lvs-planned", 204),
        ("touch /run/lvs-lazy", "rm /run/lvs-lazy", 234),
        ("ip link set dev eth1 down", "ip link set dev eth1 up", 224),
    ],
    ids=["file", "script", "interface"],
)
def test_a_lower_priority_hands_the_address_over_and_takes_it_back(
    services,
    lab,
    client,
    unwell,
    settled,
    states,
    priority,
    prove,
    tell,
    limit,
    wait_for,
    wrong,
    right,
    lowered,
):
    settled()
    watched = services["watched"]
    running, began = client.probe(watched.url), time.monotonic()
    with unwell(watched.master, wrong, right):
        wait_for("the next one to have it", lambda: lab.holders(watched.vip, watched.directors) == [watched.backup])
        took = time.monotonic() - began
        prove("watched", watched.backup)
        assert priority(watched.master, "watched") == lowered
        assert states()["watched"][watched.master] == "BACKUP"
        # The backup hears that it is better, and waits for three adverts all the same.
        tell(f"priority {lowered}, {watched.takeover:.2f} s in theory", running.stop(), limit(watched.takeover), took)
        report = running.seen
        running = client.probe(watched.url)
    assert report["longest_gap"] < limit(0)
    settled()
    report = running.stop()
    tell("priority 254 again", report, limit(0))
    assert report["longest_gap"] < limit(0)
    prove("watched", watched.master)
    assert priority(watched.master, "watched") == 254


def test_a_script_without_a_weight_is_a_fault(services, unwell, settled, states, prove, wait_for):
    settled()
    watched = services["watched"]
    with unwell(watched.master, "touch /run/lvs-unable", "rm /run/lvs-unable"):
        wait_for("the fault", lambda: states()["watched"][watched.master] == "FAULT")
        prove("watched", watched.backup)
    settled()
    prove("watched", watched.master)


def test_a_backup_that_asks_the_master_knows_before_it_misses_an_advert(
    lab, faults, instances, settled, states, priority, tell_time, limit, wait_for
):
    """The weight counts while the other one answers, so that the higher of two that are alone stays the higher."""
    settled()
    asked = instances["asked"]
    master, backup = asked.hosts
    assert [priority(host, "asked") for host in asked.hosts] == [234, 233]
    began = time.monotonic()
    lab("cut", master, "outer")
    with faults.healing(lambda: lab("join", master, "outer")):
        wait_for("no answer", lambda: priority(backup, "asked"), lambda now: now == 253)
        tell_time("no answer to 5 packets of 300 ms", time.monotonic() - began, limit(1.5))
        # And waits for three adverts all the same.
        wait_for("the takeover", lambda: states()["asked"][backup] == "MASTER")
    settled()
    assert [priority(host, "asked") for host in asked.hosts] == [234, 233]


def test_a_raw_line_is_in_force(instances, lab, settled):
    settled()
    master = instances["watched"].hosts[0]
    _before, _name, told = lab.shell(master, KEEPALIVED_DUMP).partition("VRRP Instance = watched\n")
    assert "Notify priority changes = true" in told.partition("VRRP Instance = ")[0]


def test_a_second_run_finds_nothing_to_do(cluster, site):
    done = site()
    assert done.returncode == 0, done.stdout + done.stderr
    hosts = [*cluster.groups["lvs_directors"], *cluster.groups["lvs_realservers"]]
    assert recap(done.stdout, "changed") == dict.fromkeys(hosts, 0), done.stdout
