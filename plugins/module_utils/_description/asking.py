# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The scripts that follow from the proxies behind VRRP instances: a C(vrrp_script) for each, which asks the proxy."""

from __future__ import annotations

import dataclasses
from typing import List, Optional, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import ask

from .model.asking import Ask, AskHttp, AskTcp
from .model.cluster import Cluster
from .model.scripts import Script, VrrpScript
from .model.tracking import Tracked
from .model.vrrp import VrrpInstance
from .sites import Site, sites_of

# Where every proxy listens that does not choose.
LOOPBACK = "127.0.0.1"


def sites_behind(instance: VrrpInstance, sites: Sequence[Site]) -> List[Site]:
    """The sites of nginx to which the addresses of an instance lead, those without TLS first."""
    found = [each for each in sites if each.instance and each.instance.name == instance.name and each.server.listen]
    return sorted(found, key=lambda each: each.is_tls)


def asked(instance: VrrpInstance, sites: Sequence[Site]) -> Optional[Ask]:
    """How the proxy of an instance is asked, with what follows from the sites behind it; None where none is.

    What asks knows no TLS: of an nginx that speaks nothing else it asks for a connection.
    """
    front = next(iter(sites_behind(instance, sites)), None)
    told = instance.check
    if front:
        told = told or (AskTcp() if front.is_tls else AskHttp())
        told = dataclasses.replace(told, connect_port=told.connect_port or front.server.listen[0])
    if told is None:
        return None
    told = dataclasses.replace(told, connect_ip=told.connect_ip or LOOPBACK)
    if isinstance(told, AskHttp):
        return dataclasses.replace(told, path=told.path or (front.server.health_path if front else "/"))
    return told


def script_of(instance: VrrpInstance, told: Ask) -> VrrpScript:
    """The C(vrrp_script) that asks; it has a name that no script of the user's can have.

    It has no C(init_fail): a host that starts waits for the first answer anyway, and one that gets a check by a reload
    would give its addresses up until then.
    """
    words = [told.keyword, told.connect_ip, str(told.connect_port), f"{told.connect_timeout:g}"]
    words.append(told.restart or ask.NO_UNIT)
    if isinstance(told, AskHttp):
        words += [told.path, str(told.status_code)]
    return VrrpScript(
        name=f"{instance.name}:proxy",
        script=Script(file=ask.NAME, content=ask.TEXT, args=tuple(words)),
        weight=told.weight,
        interval=told.interval,
        rise=told.rise,
        fall=told.fall,
        # Of all scripts this alone, and only here: nobody else may start a unit.
        raw=("user root",) if told.restart else (),
    )


def with_checks(cluster: Cluster) -> Cluster:
    """A description that has passed the checks, with the scripts that ask proxies, and who tracks them."""
    sites = sites_of(cluster)
    told = [(each, asked(each, sites)) for each in cluster.lvs_vrrp_instances]
    scripts = {each.name: script_of(each, check) for each, check in told if check}
    return dataclasses.replace(
        cluster,
        lvs_vrrp_scripts=(*cluster.lvs_vrrp_scripts, *scripts.values()),
        lvs_vrrp_instances=tuple(
            dataclasses.replace(each, track_script=(*each.track_script, Tracked(name=scripts[each.name].name)))
            if each.name in scripts
            else each
            for each in cluster.lvs_vrrp_instances
        ),
    )
