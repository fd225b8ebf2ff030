"""Sites with names, certificates and pools of their own, as a client sees them through one virtual address."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
from dataclasses import dataclass

import pytest
from harness.certificates import issue
from harness.cluster import only
from harness.playbooks import changed, extra, told

SHOP, BLOG = "shop.example.com", "blog.example.com"
SHOP_FILES = {"nginx_certificates": "/etc/ssl/shop.crt", "nginx_certificate_keys": "/etc/ssl/private/shop.key"}
HEALTH = "/healthz"
# Where nginx listens besides, once a test has it do so.
OTHER_PORT = 8443
ENOUGH = 8

# -sess_out waits for a ticket, which TLS 1.3 sends after the handshake.
RESUME = """
cd "$(mktemp -d)" || exit 1
ask() {
    printf 'GET /healthz HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' "$site" |
        timeout 10 openssl s_client -connect "$1:443" -servername "$site" "-$version" -ign_eof "$2" session 2>&1
}
site=$1 version=$2
ask "$3" -sess_out >first || cat first
ask "$4" -sess_in
"""


@dataclass(frozen=True)
class Got:
    """What came back to a request."""

    status: int
    version: str
    headers: dict[str, str]
    body: str

    @property
    def backend(self):
        return self.headers.get("x-backend", "")


@pytest.fixture(scope="session")
def services(cluster):
    return {each.name: each for each in cluster.services}


@pytest.fixture(scope="session")
def pools(cluster):
    """The hosts of each pool."""
    return {each.name: {server.host for server in each.servers} for each in cluster.described.lvs_nginx_upstreams}


@pytest.fixture
def vip(services):
    return services["webs"].vip


@pytest.fixture
def get(lab, cluster, vip):
    """What a client gets of a URL, on a connection of its own; the names of sites are those of the address."""

    def ask(url, *options, address=vip):
        resolve = [word for name in (SHOP, BLOG) for word in ("--connect-to", f"{name}::{address}:")]
        words = ["curl", "-ksS", "-i", "--max-time", "10", *resolve, *options, url]
        head, _empty, body = lab.exec(cluster.client, *words).replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        version, status = first.split()[:2]
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return Got(int(status), version, headers, body)

    return ask


@pytest.fixture
def backends(get):
    """Who answers some requests of a URL."""
    return lambda url: {get(url).backend for _request in range(ENOUGH)}


@pytest.fixture
def unhurt(client, vip, tell):
    """Requests to a site of which none may fail meanwhile, through more than one real server."""

    def check(what, change):
        running = client.probe(f"https://{vip}/", rate=10, name=SHOP)
        change()
        report = running.stop()
        tell(what, report, 0)
        assert report["failures"] == {}
        return report

    return check


@pytest.fixture
def shown(lab, cluster):
    """The fingerprint of the certificate that each real server shows for the shop."""

    def look():
        words = "openssl s_client -connect {}:443 -servername {} </dev/null 2>/dev/null | openssl x509 -outform DER"
        return {
            host: lab.shell(cluster.client, f"{words.format(cluster.addresses[host], SHOP)} | sha256sum").split()[0]
            for host in cluster.groups["lvs_realservers"]
        }

    return look


def fingerprint(pem):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def shop_with(certificate, key):
    return extra(
        nginx_certificates={SHOP_FILES["nginx_certificates"]: certificate},
        nginx_certificate_keys={SHOP_FILES["nginx_certificate_keys"]: key},
    )


def test_each_site_is_served_by_its_name_from_its_pool(lab, client, services, steady, get, backends, pools):
    steady()
    service = services["webs"]
    assert client.arp(service.vip) == {lab.mac(only(service.directors))}
    assert backends(f"https://{SHOP}/") == pools["app"]
    assert backends(f"https://{SHOP}/api/orders") == backends(f"https://{BLOG}/") == pools["api"]
    seen = client.ask(f"https://{service.vip}/", name=SHOP)
    assert seen["failures"] == {}
    assert set(seen["realservers"]) == service.realservers
    answer = json.loads(get(f"https://{SHOP}/api/orders").body)
    assert (answer["host"], answer["path"], answer["forwarded_proto"]) == (SHOP, "/api/orders", "https")


def test_http2_is_spoken_by_either_nginx_and_nobody_has_to(cluster, get):
    for host in cluster.groups["lvs_realservers"]:
        address = cluster.addresses[host]
        assert get(f"https://{SHOP}/", "--http2", address=address).version == "HTTP/2", host
        assert get(f"https://{SHOP}/", "--http1.1", address=address).version == "HTTP/1.1", host


def test_who_names_no_site_is_given_none(lab, cluster, vip):
    words = ["curl", "-ksS", "--max-time", "10"]
    assert lab.try_all({cluster.client: [*words, f"https://{vip}/"]})[cluster.client].status != 0
    done = lab.exec(cluster.client, *words, "-o", "/dev/null", "-w", "%{http_code}", f"http://{vip}/")
    assert done == "404"


def test_plain_http_is_sent_to_tls_and_health_is_answered_before(cluster, get):
    for host in cluster.groups["lvs_realservers"]:
        address = cluster.addresses[host]
        for name in (SHOP, BLOG):
            moved = get(f"http://{name}/a?b=c", address=address)
            assert (moved.status, moved.headers["location"]) == (301, f"https://{name}/a?b=c")
        well = get(f"http://{address}{HEALTH}")
        assert (well.status, well.body) == (200, "ok\n")


def test_websocket_is_passed_on(lab, cluster, vip, pools):
    words = ["/opt/lab/probe", "websocket", f"https://{vip}/chat", "one", "two", "--name", SHOP, "--timeout", "5"]
    told_ = lab.json(cluster.client, *words)
    (backend,) = {answer.partition(":")[0] for answer in told_["answers"]}
    assert told_["answers"] == [f"{backend}: one", f"{backend}: two"]
    assert backend in pools["app"]


def test_a_client_cannot_say_that_it_is_another(cluster, get):
    forged = ("-H", "X-Forwarded-For: 203.0.113.9", "-H", "X-Real-IP: 203.0.113.9", "-H", "X-Forwarded-Proto: gopher")
    answer = json.loads(get(f"https://{SHOP}/", *forged).body)
    address = cluster.addresses[cluster.client]
    assert (answer["client"], answer["forwarded_for"], answer["forwarded_proto"]) == (address, address, "https")


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_a_session_goes_on_with_the_other_real_server(lab, cluster, version):
    first, second = (cluster.addresses[host] for host in cluster.groups["lvs_realservers"])
    said = lab.exec(cluster.client, "sh", "-c", RESUME, "sh", SHOP, version, first, second)
    assert re.search(r"^(New|Reused), ", said, re.MULTILINE)[1] == "Reused", said


def test_a_certificate_changes_and_no_request_fails_and_nothing_tells_the_key(lab, cluster, site, unhurt, shown):
    issued = issue([SHOP])
    secret = issued.key.splitlines()[1]

    def change():
        done = site(*shop_with(*issued), "--diff", "-vvv")
        assert done.returncode == 0, done.stdout + done.stderr
        assert issued.certificate.splitlines()[1] in done.stdout
        assert secret not in done.stdout + done.stderr

    before = shown()
    unhurt("another certificate", change)
    after = shown()
    assert set(after.values()) == {fingerprint(issued.certificate)}
    assert not set(before.values()) & set(after.values())
    journals = lab.exec_all(cluster.groups["lvs_realservers"], "journalctl", "--no-pager", "--output", "cat")
    assert all("Invoked with" in text for text in journals.values()), "modules log nothing any more"
    assert not any(secret in text for text in journals.values())


def test_a_pair_that_no_client_would_take_is_refused_and_nothing_is_written(site, shown):
    before = shown()
    for issued, why in (
        (issue([SHOP])._replace(key=issue([SHOP]).key), "is not the key of"),
        (issue([SHOP], begins=-9, ends=-2), "certificate has expired"),
        (issue([BLOG]), "certificate is not valid for"),
    ):
        done = site(*shop_with(*issued), "--limit", "lvs_realservers", "--tags", "nginx", "--check", "--diff")
        assert done.returncode == 2, done.stdout
        assert all(why in text for text in told(done.stdout).values()), done.stdout
        assert "PRIVATE KEY" not in done.stdout + done.stderr
    assert shown() == before


def test_an_application_server_is_drained_and_no_request_fails(cluster, site, unhurt, backends, pools):
    leaving, *_others = sorted(pools["app"])
    (app, api) = cluster.variables["lvs_nginx_upstreams"]
    servers = [{"host": host, "down": host == leaving} for host in app["servers"]]

    def drain():
        done = site(*extra(lvs_nginx_upstreams=[{**app, "servers": servers}, api]))
        assert done.returncode == 0, done.stdout + done.stderr

    unhurt(f"{leaving} is drained", drain)
    assert backends(f"https://{SHOP}/") == pools["app"] - {leaving}


def test_ssl_get_asks_a_site_by_its_name_and_takes_out_who_has_it_no_more(
    lab, cluster, services, steady, site, faults, wait_for
):
    web, webs = cluster.variables["lvs_virtual_servers"]
    check = {"type": "SSL_GET", "path": HEALTH, "virtualhost": SHOP, "enable_sni": True}
    done = site(*extra(lvs_virtual_servers=[web, {**webs, "check": check}]))
    assert done.returncode == 0, done.stdout + done.stderr
    steady()
    host, path = cluster.groups["lvs_realservers"][1], "/etc/nginx/conf.d/lvs.conf"
    rename = f"cp -p {path} /var/tmp/kept && sed -i 's/server_name {SHOP};/server_name gone;/' {path}"
    lab.shell(host, f"{rename} && systemctl reload nginx")
    with faults.healing(lambda: lab.shell(host, f"mv /var/tmp/kept {path} && systemctl reload nginx")):
        wait_for(
            f"{host} to be taken out",
            lambda: lab.weights(services["webs"].directors, services["webs"].key),
            lambda known: not any(services["webs"].server(host) in servers for servers in known.values()),
        )
        director = only(services["web"].directors)
        assert services["web"].server(host) in lab.weights([director], services["web"].key)[director]
    steady()


def test_what_keepalived_asks_changes_and_no_request_fails_and_nobody_is_taken_out(
    lab, cluster, services, steady, site, unhurt
):
    steady()
    director = only(services["webs"].directors)
    words = extra(lvs_nginx_servers=[{**each, "health_path": "/up"} for each in cluster.variables["lvs_nginx_servers"]])

    runs = []

    def change():
        for options in (("--limit", "lvs_realservers"), ()):
            runs.append(site(*words, *options))
            assert runs[-1].returncode == 0, runs[-1].stdout + runs[-1].stderr

    since = lab.exec(director, "date", "+%s").strip()
    unhurt("keepalived asks otherwise", change)
    journal = lab.exec(director, "journalctl", "-u", "keepalived", "-o", "cat", "--since", f"@{since}")
    assert "Reloading" in journal
    assert [line for line in journal.splitlines() if "Removing service" in line] == []
    files = lab.exec_all(cluster.groups["lvs_realservers"], "cat", "/etc/nginx/conf.d/lvs.conf")
    assert [host for host, text in files.items() if HEALTH in text] == []
    assert [f"http 80 {HEALTH} about" in " ".join(run.stdout.split()) for run in runs] == [True, False]


def test_a_run_puts_all_back_and_a_second_run_finds_nothing_to_do(site, backends, pools):
    first, second = site(), site()
    assert first.returncode == second.returncode == 0, first.stdout + second.stdout
    assert changed(second.stdout) == {}, second.stdout
    assert backends(f"https://{SHOP}/") == pools["app"]


def test_who_is_in_its_way_is_named_on_every_run_also_nginx_itself(lab, cluster, vip, faults, site, client, tell):
    """A site of the operator's on the virtual address alone keeps nginx from listening on every one."""
    host = cluster.groups["lvs_realservers"][0]
    path = "/etc/nginx/conf.d/own.conf"
    services_ = [*cluster.variables["lvs_virtual_servers"]]
    services_.append({**services_[0], "name": "other", "port": OTHER_PORT, "check": {"type": "TCP_CHECK"}})
    sites = cluster.variables["lvs_nginx_servers"]
    other = {"name": "other", "virtual_server": "other", "return": "204"}
    described = extra(lvs_virtual_servers=services_, lvs_nginx_servers=[*sites, other])
    words = (*described, "--limit", host, "--tags", "nginx")

    def said():
        done = site(*words)
        assert done.returncode == 2, done.stdout
        return told(done.stdout)[host]

    lab.shell(host, f"echo 'server {{ listen {vip}:{OTHER_PORT}; return 200; }}' >{path} && systemctl reload nginx")
    with faults.healing(lambda: lab.shell(host, f"rm -f {path} && systemctl restart nginx")):
        for _run in range(2):
            assert f"*:{OTHER_PORT} is held by nginx itself, which listens on {vip}:{OTHER_PORT}" in said()
        running = client.probe(f"https://{vip}/", rate=20, name=SHOP)
        lab.shell(host, f"rm {path} && systemctl restart nginx")
        tell("one nginx is restarted, which heals it", running.stop(), 0)  # what it costs, and why no run does it
        done = site(*words)
        assert done.returncode == 0, done.stdout
        words_of_curl = ("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", f"http://{vip}:{OTHER_PORT}/")
        assert lab.exec(host, *words_of_curl) == "204"
        squat = "systemd-run -q --unit=squatter python3 -m http.server --bind 0.0.0.0 443"
        lab.shell(host, f"systemctl stop nginx && {squat}")
        with faults.healing(lambda: lab.shell(host, "systemctl stop squatter")):
            for _run in range(2):
                assert re.search(r"python3 \(process \d+\) listens on 0\.0\.0\.0:443", said())
