# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

"""The records of the names of all clusters of an inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.plugins.module_utils._description.views.dns import (
    CannotLeave,
    Record,
    Told,
    records,
)

from ._files import read_file


def dns_records(hostvars: Mapping[str, Any], hosts: Sequence[str], without: Sequence[str]) -> list[Record]:
    """What the zones must have. Raises AnsibleFilterError where a description is bad, or what is to be taken out."""
    entries = {each["cluster"]["name"]: each for each in inventory.views(hostvars, list(hosts), read=read_file)}
    problems = [problem for each in entries.values() for problem in each["cluster"]["problems"]]
    if problems:
        raise AnsibleFilterError(str(inventory.BadDescription(problems)))
    told = [Told(each["host"], name, each["view"].cluster.dns) for name, each in entries.items()]
    try:
        return records(told, [without] if isinstance(without, str) else without)
    except CannotLeave as error:
        raise AnsibleFilterError(f"dns_without: {error}") from error
