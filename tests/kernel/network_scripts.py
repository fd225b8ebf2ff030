"""What `ifup lo` of initscripts does with ifcfg files, step by step, after its ifup-aliases.

It is read from that program's source, for which the lab has no distribution: what a file does not say is taken over
from ifcfg-lo, and a label that no file names loses its addresses.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.lvs.cluster.tests.kernel.conftest import run, sh

# What an alias takes over where its file says nothing of it.
INHERITED = ("PREFIX", "NETMASK", "BROADCAST", "GATEWAY", "NO_ALIASROUTING", "ARPCHECK", "ARPUPDATE")
SAID = ("DEVICE", "IPADDR", "ONPARENT", *INHERITED)
# Of editors and of rpm.
LEFT_OVER = re.compile(r".*(~|\.bak|\.old|\.orig|\.rpmnew|\.rpmorig|\.rpmsave)")
# ifcfg-lo as initscripts ship it.
STOCK = """\
DEVICE=lo
IPADDR=127.0.0.1
NETMASK=255.0.0.0
NETWORK=127.0.0.0
BROADCAST=127.255.255.255
ONBOOT=yes
NAME=loopback
"""


@dataclass(frozen=True)
class Told:
    """Whom it complains of, by the names of their files."""

    errors: list[str]


def source(*files: Path) -> dict[str, str]:
    """The variables that a shell has after it has read files, one after the other."""
    shown = "; ".join(f'printf "%s\\n" "${name}"' for name in SAID)
    read = "; ".join(f". '{file}'" for file in files)
    values = run(["env", "-i", "/bin/sh", "-c", f"{read}; {shown}"]).split("\n")
    return dict(zip(SAID, values, strict=False))


def ifup_lo(folder: Path) -> Told:
    """Set up lo from the files of a folder."""
    errors: list[str] = []
    parent = source(folder / "ifcfg-lo")
    inherited = {name: parent[name] for name in INHERITED}
    defaults = folder / ".defaults"
    defaults.write_text("".join(f"{name}='{value}'\n" for name, value in inherited.items()))
    addresses: set[str] = set()
    labels: set[str] = set()
    for file in sorted(folder.glob("ifcfg-lo:*")):
        if LEFT_OVER.fullmatch(file.name):
            continue
        its = source(defaults, file)
        if its["ONPARENT"] in ("no", "NO"):
            continue
        label = its["DEVICE"]
        if not re.fullmatch(r"lo:[0-9A-Za-z_]+", label) or label in labels or its["IPADDR"] in addresses:
            errors.append(file.name)
            continue
        labels.add(label)
        addresses.add(its["IPADDR"])
        network = ipaddress.ip_interface(f"{its['IPADDR']}/{its['PREFIX'] or its['NETMASK']}").network
        broadcast = its["BROADCAST"]
        if broadcast in ("", parent["BROADCAST"]):
            broadcast = str(network.broadcast_address)
        if run(["ip", "address", "show", "dev", "lo", "to", f"{its['IPADDR']}/32", "label", label]):
            continue
        sh(f"ip address add {its['IPADDR']}/{network.prefixlen} brd {broadcast} dev lo label {label}")
    (link,) = json.loads(sh("ip -json -4 address show dev lo"))
    there = {str(each.get("label", "")) for each in link["addr_info"]}
    for label in {each for each in there if each.startswith("lo:")} - labels:
        sh(f"ip address flush dev lo label {label}")
    return Told(errors)
