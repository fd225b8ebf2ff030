# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

"""How the user started this run, and whether a playbook of the collection can be run so."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible import context

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
#: What Ansible gives a meaning of its own (it adds the last one for C(--list-tags)); nothing here is C(untagged).
SPECIAL = ("all", "always", "tagged", "never")
#: What molecule has every playbook skip, and a second run for itself.
OF_MOLECULE = ("molecule-notest", "notest", "molecule-idempotence-notest")


@dataclass(frozen=True)
class Asked:
    """The options of C(ansible-playbook)."""

    playbooks: Sequence[str] = ()
    tags: Sequence[str] = ()
    skip_tags: Sequence[str] = ()
    start_at_task: str | None = None
    step: bool = False
    limit: str | None = None


def asked() -> Asked:
    """Of this run; what another program runs has no such options."""
    told = context.CLIARGS
    return Asked(
        playbooks=told.get("args") or (),
        tags=told.get("tags") or (),
        skip_tags=told.get("skip_tags") or (),
        start_at_task=told.get("start_at_task"),
        step=bool(told.get("step")),
        limit=told.get("subset"),
    )


def _is_ours(playbook: str) -> bool:
    return playbook.startswith("lvs.cluster.") or Path(playbook).resolve().parent == PLAYBOOKS


def refusal(run: Asked, tags: Sequence[str], needed: Collection[str], limits: bool = True) -> str:
    """Why a playbook cannot be run as it was asked for, and what to write instead; empty if it can.

    A playbook of the user's own, which has this one in it, may have other tags, and its tasks another order.

    tags: that it has.
    needed: those of them that all the others need.
    limits: whether it can be run for some of its hosts alone.
    """
    if not run.playbooks or not all(map(_is_ours, run.playbooks)):
        return ""
    none = "this playbook has none" + (", and --limit takes some of its hosts" if limits else "")
    there = f"there are {', '.join(tags)}" if tags else none
    skipped = [tag for tag in run.skip_tags if tag not in OF_MOLECULE]
    told = [
        *(f"--tags {tag}: there is no such tag; {there}." for tag in run.tags if tag not in (*SPECIAL, *tags)),
        *(f"--skip-tags {tag}: there is no such tag; {there}." for tag in skipped if tag not in tags),
        *(f"--skip-tags {tag}: the others need what it finds out." for tag in skipped if tag in needed),
    ]
    if run.start_at_task:
        told.append(
            "--start-at-task: each task needs what those before it found out. Leave it out: what is so already is not"
            " changed again, and --tags and --limit make a run shorter."
        )
    if run.step:
        told.append(
            "--step: each task needs what those before it found out, and none may be left out. --check --diff tells"
            " what a run would do."
        )
    if run.limit and not limits:
        told.append(
            f"--limit {run.limit}: this playbook runs where Ansible does, for all hosts at once, and a limit may leave"
            " just that out. Leave --limit out."
        )
    return " ".join(told)
