"""Whether a cluster is as it should be; where an inventory holds several, each is judged by itself."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._description import parts
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServerKey

from harness.clock import wait_for
from harness.cluster import Cluster, Service
from harness.lab import Lab, weights
from harness.probe import Client


def prove(lab: Lab, client: Client, service: Service, director: str, realservers: set[str] | None = None) -> None:
    """Prove, as a client sees it, that requests go through this director to these real servers and nowhere else."""
    mac = lab.mac(director)
    # For a moment nobody answers; but two masters, or a real server that is not silent, would stay two answers.
    wait_for(
        f"{director} alone to answer for {service.vip}",
        lambda: client.arp(service.vip),
        lambda macs: macs == {mac},
        patience=30,
    )
    before = lab.packets(director, service.key)
    report = client.ask(service.url)
    assert report["failures"] == {}
    assert set(report["realservers"]) == (realservers or service.realservers)
    # Each request takes a SYN, an ACK, the request itself and a FIN. Packets and not connections: where a client
    # takes a port again too soon, IPVS counts no new one. The kernel's counters lag behind by two seconds.
    wait_for(
        f"the packets of {report['requested']} requests in the IPVS counters of {director}",
        lambda: lab.packets(director, service.key) - before,
        lambda counted: counted >= 4 * report["requested"],
        patience=20,
    )


def wait_until_steady(lab: Lab, cluster: Cluster) -> None:
    """Wait until the preferred directors alone have their addresses, and all know all real servers."""
    directors = parts.directors(cluster.described)
    holders = {address: [instance.hosts[0]] for instance in cluster.instances for address in instance.addresses}
    holders |= {each.vip: each.directors for each in cluster.services if len(each.described.hosts) == 1}
    known = {(each.name, director): each.weights for each in cluster.services for director in each.directors}

    def look() -> tuple[dict[str, list[str]], dict[tuple[str, str], dict[ServerKey, int]]]:
        held, tables = lab.held(directors), lab.tables(directors)
        return (
            {address: [host for host in directors if address in held[host]] for address in holders},
            {
                (each.name, director): weights(tables[director], each.key)
                for each in cluster.services
                for director in each.directors
            },
        )

    wait_for("the masters and all real servers", look, lambda seen: seen == (holders, known))
