# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""Whether directors may go on together, from what each of them said of itself.

Everything here gets the same results on every director, and so comes to the same end on each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Collection, Dict, List, Mapping, Optional, Sequence

# By host: the results of a task.
Results = Mapping[str, Mapping[str, Any]]

# Under which the role registers them; the later of two is what holds.
STAGED = ("__keepalived_staged",)
LIVE = ("__keepalived_live",)
STARTED = ("__keepalived_started",)
RUNS = ("__keepalived_repaired", "__keepalived_runs", "__keepalived_runs_again")
# Of a director that has no keepalived, under which its own role does.
TABLE = ("__director_table",)
# What a result has of them whose director does not run what is described.
UNTOLD = ("failed", "unreachable", "problems")

TOGETHER = (
    "Bring it back or repair it, and run the play for all directors of the instance at once (strategy linear, no"
    ' serial, and --limit with all of them); or name those that are switched off: -e \'{{"keepalived_absent":'
    " [{names}]}}'"
)
LEAVES = (
    "Who leaves the instance ({names}) is taken down before, while still described: playbook lvs.cluster.teardown,"
    " --limit {names}; then it counts as switched off. "
)
MAY_SEND = (
    "This run has not told {names}, which may still send here for it. Run the play with all directors in --limit and"
    " without --tags; or name those that are switched off: -e '{{\"keepalived_absent\": [{quoted}]}}'"
)
GIVES = "An address that comes to an instance may be one that {names} has in another until told. "


@dataclass(frozen=True)
class Run:
    """A run of the role on a host; the filter C(rollout) says what each is."""

    instances: Sequence[Mapping[str, Any]]
    batch: Sequence[str]
    directors: Sequence[str]
    absent: Collection[str]
    forks: int
    allow_empty: bool


def judge(
    hostvars: Mapping[str, Mapping[str, Any]], host: str, run: Run, host_at: Callable[[str], Optional[str]]
) -> Dict[str, Any]:
    """What a host goes by; the filter C(rollout) says what is in it.

    host_at: the host of the inventory that has an address.
    """
    staged, live, started, runs = (_registered(hostvars, run.batch, names) for names in (STAGED, LIVE, STARTED, RUNS))
    staged = {each: _with_others(result, run.directors, host_at) for each, result in staged.items()}
    loaded = [each for each in run.batch if each in live and _done(live[each], "live")]
    everywhere = [misruled(staged[each].get("instances", ()), runs, run.absent) for each in staged]
    return {
        "refused": refusals(staged, run).get(host, "") or _refused_by_another(hostvars, run),
        "back": held_back(staged, loaded, run.absent).get(host, ""),
        "pending": any(result.get("pending") for result in staged.values()),
        "unsettled": any(result.get("changed") for result in started.values())
        or any(live.get(each, {}).get("changed") and _changes(staged[each]) for each in staged),
        "again": any(result.get("problems") for result in runs.values()) or any(everywhere),
        "wrong": [f"{host}: {each}" for each in runs.get(host, {}).get("problems", ())]
        + misruled(run.instances, runs, run.absent),
    }


def untold(
    hostvars: Mapping[str, Mapping[str, Any]],
    directors: Sequence[str],
    vrrp_hosts: Collection[str],
    absent: Collection[str],
) -> str:
    """The directors that this run has not brought to run what is described, and what to do; empty if there are none.

    In check mode none is asked what it runs, and who comes that far counts.
    vrrp_hosts: those that have keepalived.
    """
    names = {each: RUNS if each in vrrp_hosts else TABLE for each in directors}
    asked = {host: result for each in directors for host, result in _registered(hostvars, [each], names[each]).items()}
    told = {each for each, result in asked.items() if not any(result.get(word) for word in UNTOLD)}
    would_be = {each for each in directors if each not in asked and any(name in hostvars[each] for name in names[each])}
    left = [each for each in directors if each not in told | would_be and each not in absent]
    return MAY_SEND.format(names=", ".join(left), quoted=_quoted(left)) if left else ""


def _with_others(
    result: Mapping[str, Any], directors: Sequence[str], host_at: Callable[[str], Optional[str]]
) -> Mapping[str, Any]:
    """A result of O(state=staged) in which all count as directors of an instance that must be told of its change.

    Who leaves the instance goes on in it until told. And an address that comes to it may come from any instance of the
    cluster, whose directors have it until they are told: only they know.
    """
    changes = []
    for change in _changes(result):
        own = change["hosts"]
        found = [host_at(address) for address in change.get("leaving", ())]
        leavers = [each for each in found if each and each not in own]
        givers = [each for each in directors if each not in [*own, *leavers]] if change.get("gains") else []
        changes.append({**change, "hosts": [*own, *leavers, *givers], "leavers": leavers, "givers": givers})
    return {**result, "terms_changed": changes}


def _refused_by_another(hostvars: Mapping[str, Mapping[str, Any]], run: Run) -> str:
    """Files of one description are alike: what one keepalived refuses goes live on no director of its instances."""
    directors = {each for instance in run.instances for each in instance["hosts"] if each in hostvars}
    said = _registered(hostvars, sorted(directors), STAGED)
    failed = [each for each, result in said.items() if result.get("failed") and not result.get("unreachable")]
    return f"{', '.join(failed)} refused it, see there" if failed else ""


def _registered(hostvars: Mapping[str, Mapping[str, Any]], hosts: Sequence[str], names: Sequence[str]) -> Results:
    found: Dict[str, Mapping[str, Any]] = {}
    for host in hosts:
        for name in names:
            result = hostvars[host].get(name)
            if isinstance(result, Mapping) and not result.get("skipped"):
                found[host] = result
    return found


def _done(result: Mapping[str, Any], step: str) -> bool:
    """Whether a result of C(keepalived_config) is one that went well, also where a failure was let pass."""
    return result.get("step") == step and not result.get("failed")


def refusals(staged: Results, run: Run) -> Dict[str, str]:
    """By host, why it must not load what is staged; hosts that may are not in it.

    staged: of the hosts that go on now, together.
    """
    refused: Dict[str, str] = {}
    for host, result in staged.items():
        takes = result.get("takes_last", ())
        if takes and not run.allow_empty:
            refused[host] = (
                f"{host} would lose the last {' and the last '.join(takes)} that its keepalived runs. A cluster is"
                " emptied by the playbook lvs.cluster.teardown; if it is meant, add -e keepalived_allow_empty=true"
            )
        elif run.forks < len(staged) and any(len(change["hosts"]) > 1 for change in _changes(result)):
            refused[host] = (
                f"{'; '.join(_told(change) for change in _changes(result))}. {len(staged)} directors can load that"
                f" together with --forks {len(staged)} alone (now {run.forks}), else they have two masters in between"
            )
    ready = [host for host, result in staged.items() if _done(result, "staged") and host not in refused]
    unready = {host: f"{host} is not staged" for host in staged if host not in ready}
    return {**unready, **held_back(staged, ready, run.absent), **refused}


def _changes(result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    changes: Sequence[Mapping[str, Any]] = result.get("terms_changed", ())
    return changes


def _told(change: Mapping[str, Any]) -> str:
    return f"vrrp_instance {change['name']}: {change['how']}"


def held_back(staged: Results, ready: Collection[str], absent: Collection[str]) -> Dict[str, str]:
    """By host of those that are ready, why it must not go on alone: a director that it must agree with is not.

    What holds back one holds back those that must agree with it in another instance.
    """
    left = [host for host in ready if host in staged]
    found: Dict[str, str] = {}
    while True:
        reasons = {host: _missing(staged[host], left, absent) for host in left}
        found.update({host: text for host, text in reasons.items() if text})
        kept = [host for host in left if not reasons[host]]
        if kept == left:
            return found
        left = kept


def _missing(result: Mapping[str, Any], ready: Collection[str], absent: Collection[str]) -> Optional[str]:
    """Whom a director would leave behind."""
    names: List[str] = []
    leavers: List[str] = []
    givers: List[str] = []
    told = []
    for change in _changes(result):
        missing = [each for each in change["hosts"] if each not in ready and each not in absent]
        if missing:
            names.extend(each for each in missing if each not in names)
            leavers.extend(each for each in change["leavers"] if each in missing and each not in leavers)
            givers.extend(each for each in change["givers"] if each in missing and each not in givers)
            told.append(_told(change))
    if not names:
        return None
    leaves = LEAVES.format(names=",".join(leavers)) if leavers else ""
    gives = GIVES.format(names=", ".join(givers)) if givers else ""
    return (
        f"{'; '.join(told)}. {', '.join(names)} cannot be told together with it, and two directors would be master."
        f" {leaves}{gives}{TOGETHER.format(names=_quoted(names))}"
    )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def misruled(instances: Sequence[Mapping[str, Any]], runs: Results, absent: Collection[str]) -> List[str]:
    """Instances that have not exactly one master, as far as their directors were asked, with who runs what."""
    found: List[str] = []
    for instance in instances:
        directors = [each for each in instance["hosts"] if each not in absent]
        asked = [each for each in directors if "states" in runs.get(each, {})]
        states = {each: runs[each]["states"].get(instance["name"], "none") for each in asked}
        masters = [each for each, state in states.items() if state == "MASTER"]
        # Who was not asked may be it.
        if len(masters) > 1 or (not masters and states and len(states) == len(directors)):
            told = ", ".join(f"{each} is {state}" for each, state in states.items())
            number = f"{len(masters)} masters" if masters else "no master"
            found.append(f"vrrp_instance {instance['name']} has {number}: {told}")
    return found
