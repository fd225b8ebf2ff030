"""Real servers that are not the cluster's alone, and what a run says of a host that would not serve."""

from __future__ import annotations

import ipaddress
import json

import pytest

OWN_SITE = "/etc/nginx/conf.d/own.conf"
LAST_WORD = "/etc/sysctl.d/99-own.conf"
INTERFACES = "/etc/network/interfaces"
NGINX_FILE = "/etc/nginx/conf.d/lvs.conf"
WORKERS = "ps -o pid= --ppid $(systemctl show -p MainPID --value nginx)"


@pytest.fixture
def left(service):
    """A real server that networkd sets up, and one that ifupdown does."""
    return sorted(service.realservers)


def limited(*hosts, **variables):
    return ("--limit", ",".join(hosts), "--extra-vars", json.dumps(variables))


def test_hosts_that_would_not_serve_are_refused_before_anything_changes(site, lab, faults, cluster, service, left):
    """A site of the host's own answers the health checks; ifupdown does not read interfaces.d; another file wins."""
    networkd, ifupdown = left
    director = service.backup
    own = f"server {{ listen {cluster.addresses[networkd]}:80; return 404; }}"
    look = f"sha256sum {NGINX_FILE}; systemctl show -p MainPID nginx; cat /var/lib/lvs-cluster/addresses/lo/lvs.json"
    before = lab.exec_all(left, "sh", "-c", look)
    lab.shell(networkd, f"echo '{own}' > {OWN_SITE}")
    lab.shell(director, f"echo net.ipv4.vs.conn_reuse_mode=1 > {LAST_WORD}")
    lab.shell(ifupdown, f"cp -p {INTERFACES} /var/tmp/interfaces && sed -i /^source/d {INTERFACES}")

    def heal():
        lab.exec(director, "rm", LAST_WORD)
        lab.exec(networkd, "rm", "-f", OWN_SITE)
        lab.exec(ifupdown, "mv", "/var/tmp/interfaces", INTERFACES)

    with faults.healing(heal):
        done = site(*limited(*left, nginx_served_by_header="X-Changed"))
        # By itself: where no real server is left, no director is asked for more.
        told = site(*limited(director))
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert f"{OWN_SITE} has 'listen {cluster.addresses[networkd]}:80'" in said
    assert "'source /etc/network/interfaces.d/*' into /etc/network/interfaces" in said
    assert (told.returncode, f"{LAST_WORD}, line 1" in told.stdout + told.stderr) == (2, True), told.stdout
    assert lab.exec_all(left, "sh", "-c", look) == before


def test_real_server_that_lost_its_address_is_taken_out_until_site_brings_it_back(
    site, lab, faults, service, left, steady, without, prove
):
    """nginx listens on every address, so that only who asks at the virtual one sees that it is gone."""
    lost = left[1]
    address = (f"{service.vip}/32", "dev", "lo")
    lab.exec(lost, "ip", "address", "delete", *address)
    with faults.healing(lambda: lab.exec(lost, "ip", "address", "replace", *address, "label", "lo:0")):
        # As a run leaves it that was cut off between writing and reloading.
        lab.exec(lost, "touch", NGINX_FILE)
        without(lost)
        told = site(*limited(lost), "--check")
        assert told.returncode == 0, told.stdout + told.stderr
        assert "RUNNING HANDLER [lvs.cluster.nginx : Reload nginx]" in told.stdout
        assert address[0] not in lab.loopback(lost).values()

        before = set(lab.shell(lost, WORKERS).split())
        done = site(*limited(lost))
        assert done.returncode == 0, done.stdout + done.stderr
        assert not before & set(lab.shell(lost, WORKERS).split()), "nginx was not reloaded"
        assert address[0] in lab.loopback(lost).values()
    steady()
    prove(service.master)


def test_addresses_of_others_stay_when_a_service_leaves_and_returns(
    site, lab, faults, cluster, service, left, steady, without
):
    leaving, staying = left
    stranger = str(ipaddress.ip_address(service.vip) + 7)
    lab.exec(leaving, "ip", "address", "add", f"{stranger}/32", "dev", "lo", "label", "lo:7")

    def forget():
        lab.exec(leaving, "ip", "address", "delete", f"{stranger}/32", "dev", "lo", check=False)

    with faults.healing(forget):
        smaller = {**cluster.variables["lvs_virtual_servers"][0], "real_servers": [staying]}
        done = site(*limited(leaving, *service.directors, lvs_virtual_servers=[smaller]))
        assert done.returncode == 0, done.stdout + done.stderr
        assert lab.loopback(leaving) == {"lo": "127.0.0.1/8", "lo:7": f"{stranger}/32"}
        without(leaving)
        done = site(*limited(leaving, *service.directors))
        assert done.returncode == 0, done.stdout + done.stderr
        assert lab.loopback(leaving) == {"lo": "127.0.0.1/8", "lo:0": f"{service.vip}/32", "lo:7": f"{stranger}/32"}
    steady()
