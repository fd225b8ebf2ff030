"""Services that are no web site, as their clients see them: a database, DNS, two ports by one mark, a group."""

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import server_key
from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import of_tc
from harness.clock import LEDGER
from harness.playbooks import changed, extra

ROUNDS = 8
SOURCES = [f"198.18.90.{number}" for number in range(51, 57)]
# Of each source: who answers its plain and its secure request.
ASK_SHOP = "for each in {}; do echo $(curl -sk -m 5 --interface $each http://{}/ https://{}/); done"
# Questions from one port, each waited for; who answers how many of them, and from which addresses.
ASK_NAMES = """
import collections, json, socket, sys
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.settimeout(5)
heard = collections.Counter()
for number in range(int(sys.argv[2])):
    question = number.to_bytes(2, "big") + bytes.fromhex("00000001000000000000")
    question += b"\\x03who\\x03lab\\x07example\\x00" + bytes.fromhex("00100001")
    asking.sendto(question, (sys.argv[1], 53))
    answer, (address, _port) = asking.recvfrom(512)
    heard[answer[-4:].decode(), address] += 1
print(json.dumps([[*who, many] for who, many in heard.items()]))
"""
# Holds a connection to the database and asks all the time; a lost one it makes anew, also before it ends.
HOLD = """
import json, signal, sys, time, pymysql
over = []
signal.signal(signal.SIGTERM, lambda *_: over.append(True))
def tell(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)
held, last = None, time.monotonic()
while held is None or not over:
    try:
        if held is None:
            held = pymysql.connect(host=sys.argv[1], user="client", password="lvs-lab", database="shop",
                                   connect_timeout=2, read_timeout=60, autocommit=True)
            cursor = held.cursor()
            cursor.execute("SELECT @@hostname")
            tell("connected", server=cursor.fetchone()[0], after=time.monotonic() - last)
        cursor.execute("SELECT 1")
        now = time.monotonic()
        if now - last > 0.5:
            tell("waited", after=now - last)
        last = now
    except pymysql.err.Error as error:
        if held is not None:
            tell("lost", after=time.monotonic() - last, error=str(error))
        held = None
    time.sleep(0.05)
"""
SELL = """
import sys, pymysql
try:
    held = pymysql.connect(host=sys.argv[1], user="client", password="lvs-lab", database="shop", autocommit=True)
    held.cursor().execute("INSERT INTO sold (what) VALUES (1)")
    print("sold")
except pymysql.err.Error as error:
    print(error)
"""


@pytest.fixture(scope="session")
def services(cluster):
    return {each.name: each for each in cluster.services}


@pytest.fixture(scope="session")
def ask_shop(cluster, lab, services):
    """For each source of the client the servers of its two requests."""
    for each in SOURCES:
        lab.exec(cluster.client, "ip", "address", "replace", f"{each}/24", "dev", "eth0")
    vip = services["shop"].vip
    script = ASK_SHOP.format(" ".join(SOURCES), vip, vip)
    return lambda: [tuple(line.split()) for line in lab.shell(cluster.client, script).splitlines()]


@pytest.fixture(scope="session")
def ask_names(cluster, lab, services):
    """How many questions each server has answered."""

    def ask(many):
        vip = services["names"].vip
        answers = lab.json(cluster.client, "python3", "-c", ASK_NAMES, vip, str(many))
        assert {address for _who, address, _count in answers} == {vip}
        return {who: count for who, _address, count in answers}

    return ask


class Held:
    """A client that holds a connection to the database."""

    def __init__(self, lab, client, vip):
        self._lab, self._client = lab, client
        self._process = subprocess.Popen(
            lab.argv(client, "python3", "-c", HOLD, vip), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.first = json.loads(self._process.stdout.readline())

    def stop(self):
        """What happened since it began."""
        self._lab.exec(self._client, "pkill", "-TERM", "-f", "import json, signal, sys, time, pymysql", check=False)
        with LEDGER.spending("probes"):
            output, errors = self._process.communicate(timeout=90)
        assert not self._process.returncode, errors
        return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def hold(cluster, lab, services):
    return lambda: Held(lab, cluster.client, services["database"].vip)


@pytest.fixture
def sell(cluster, lab, services):
    """What comes of a change of the database."""
    return lambda: lab.exec(cluster.client, "python3", "-c", SELL, services["database"].vip).strip()


@pytest.fixture
def said(lab, services):
    """What the scripts of the directors have said since this was asked for."""

    def read():
        told = lab.exec_all(services["database"].directors, "journalctl", "-b", "-q", "-o", "cat", "-t", "lvs-database")
        return {host: text.splitlines() for host, text in told.items()}

    def begin():
        before = read()
        return lambda: {host: lines[len(before[host]) :] for host, lines in read().items()}

    return begin


@pytest.fixture
def serving(cluster, lab, services, wait_for):
    """Waits until this host alone serves the database, by all directors."""

    def wait(host):
        service = services["database"]
        wanted = {server_key(cluster.addresses[host], service.port)}
        wait_for(
            f"{host} to serve",
            lambda: lab.weights(service.directors, service.key),
            lambda seen: all(set(servers) == wanted for servers in seen.values()),
        )

    return wait


@pytest.fixture
def without(lab, services, wait_for):
    """Waits until all directors have taken a server of a service out."""

    def wait(name, host):
        service = services[name]
        wait_for(
            f"{host} to be taken out",
            lambda: lab.weights(service.directors, service.key),
            lambda seen: not any(service.server(host) in servers for servers in seen.values()),
        )

    return wait


def test_plain_and_secure_requests_of_a_client_meet_the_same_server(steady, ask_shop, services):
    steady()
    met = ask_shop()
    assert [each for each in met if len(set(each)) != 1 or len(each) != 2] == []
    assert {server for each in met for server in each} == services["shop"].realservers


def test_a_director_marks_packets_again_after_its_boot(lab, faults, steady, services, ask_shop):
    shop = services["shop"]

    # Not as tc prints them: the kernel numbers its actions anew at each boot.
    def marked():
        (marks,) = of_tc(lab.shell(shop.backup, "tc -json filter show dev eth0 ingress")).values()
        return sorted(marks)

    before = marked()
    faults.reboot(shop.backup)
    assert marked() == before
    steady()
    with faults.stopped(shop.master, "keepalived"):
        lab.exec(shop.backup, "sh", "-c", f"until ip address show dev eth0 | grep -q {shop.vip}/; do sleep 0.1; done")
        assert [each for each in ask_shop() if len(set(each)) != 1 or len(each) != 2] == []
    steady()


def test_questions_from_one_port_are_spread_one_by_one(steady, ask_names, services):
    steady()
    assert ask_names(40) == dict.fromkeys(services["names"].realservers, 20)


def test_a_name_server_that_refuses_is_taken_out_though_it_answers(lab, faults, steady, ask_names, services, without):
    lost, *others = sorted(services["names"].realservers)
    steady()
    lab.shell(lost, "sed -i.kept s/lab.example/other.example/ /etc/knot/knot.conf && systemctl reload knot")
    with faults.healing(
        lambda: lab.shell(lost, "mv /etc/knot/knot.conf.kept /etc/knot/knot.conf; systemctl reload knot")
    ):
        without("names", lost)
        assert ask_names(20) == dict.fromkeys(others, 20)
    steady()
    assert set(ask_names(20)) == services["names"].realservers


def test_a_group_is_checked_once_for_all_its_addresses(cluster, lab, site, steady, services, tell_count):
    group = services["pages"].described.group
    apart = [
        {**each, "name": f"{each['name']}{place}", "group": None, "address": socket.address, "port": socket.port}
        for each in cluster.variables["lvs_virtual_servers"]
        if each["name"] == "pages"
        for place, socket in enumerate(group)
    ]
    others = [each for each in cluster.variables["lvs_virtual_servers"] if each["name"] != "pages"]
    web = min(services["pages"].realservers)

    def counted():
        """Requests of one director's checks in some rounds of them."""
        director = cluster.addresses[services["pages"].master]
        asked = f"$(grep -c ' {director} http /pages ' /var/log/nginx/asked.log)"
        wait = f"sleep {ROUNDS * services['pages'].described.delay_loop}"
        return int(lab.shell(web, f"before={asked}; {wait}; echo $(({asked} - before))"))

    done = site("--limit", "lvs_directors", *extra(lvs_virtual_servers=[*others, *apart]))
    assert done.returncode == 0, done.stdout
    before = counted()
    done = site("--limit", "lvs_directors")
    assert done.returncode == 0, done.stdout
    after = counted()
    tell_count(f"checks in {ROUNDS} rounds, of a group", after, ROUNDS + 1)
    tell_count(f"checks in {ROUNDS} rounds, of two services", before, 2 * (ROUNDS + 1))
    assert ROUNDS - 3 <= after <= ROUNDS + 1
    assert before >= 2 * (ROUNDS - 3)
    assert before > 1.5 * after
    steady()


def outage(events):
    """Seconds from the last answer to the new connection."""
    lost = [each for each in events if each["what"] == "lost"]
    made = [each for each in events if each["what"] == "connected"]
    assert lost, "no connection was lost"
    return made[-1]["after"]


@pytest.mark.parametrize("how", ["stopped", "without power"])
def test_the_standby_stands_in_for_a_primary_that_is(
    how, cluster, faults, steady, serving, hold, sell, said, services, limit, tell_time, wait_for
):
    """It answers, and it changes nothing: whether it becomes the primary is for people to say."""
    primary, standby = cluster.groups["databases"]
    service = services["database"]
    steady()
    assert sell() == "sold"
    scripts = said()
    held = hold()
    assert held.first["server"] == primary
    broken = faults.stopped(primary, "mariadb") if how == "stopped" else faults.broken("kill", primary)
    with broken:
        serving(standby)
        assert "read-only" in sell()
        events = held.stop()
        wait_for("the scripts", scripts, lambda seen: all("primary-lost" in lines for lines in seen.values()))
        back = hold()
        assert back.first["server"] == standby
    # A connection that waits for its server asks again after the double of the time that it has waited.
    allowed = limit(2 * service.detection(1.0))
    tell_time(f"the primary is {how}", outage(events), allowed)
    assert outage(events) < allowed
    serving(primary)
    wait_for("a sale", sell, lambda told: told == "sold")
    events = back.stop()
    tell_time(f"the primary that was {how} is back", outage(events), limit(0))
    assert events[-1]["server"] == primary
    wait_for("the scripts", scripts, lambda seen: all("primary-back" in lines for lines in seen.values()))
    steady()


def test_a_connection_to_the_database_survives_its_director(faults, client, steady, hold, services, limit, tell_time):
    service = services["database"]
    steady()
    held = hold()
    client.wait_until_synced(service.key, service.backup)
    with faults.broken("kill", service.master):
        hold().stop()
        told = held.stop()
    assert [each for each in told if each["what"] == "lost"] == []
    waited = max([each["after"] for each in told if each["what"] == "waited"], default=0.0)
    assert waited > 0, "nothing was broken"
    allowed = limit(2 * service.takeover)
    tell_time("the director loses power, connection held", waited, allowed)
    assert waited < allowed
    steady()


def test_the_next_run_finds_nothing_to_do(site, steady):
    steady()
    done = site()
    assert done.returncode == 0, done.stdout
    assert changed(done.stdout) == {}
