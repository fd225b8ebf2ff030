"""Whether directors go on together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.cluster.plugins.filter.rollout import FilterModule
from ansible_collections.lvs.cluster.plugins.filter.untold import untold_filter
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import STATIC, hostvars

rollout = FilterModule().filters()["rollout"]
HOSTS = ["lvs1", "lvs2", "lvs3"]
WEB = {"name": "web", "hosts": ["lvs1", "lvs2"]}
MAIL = {"name": "mail", "hosts": ["lvs2", "lvs3"]}


def staged(*changed: dict[str, Any], instances: tuple[dict[str, Any], ...] = (WEB,), **more: Any) -> dict[str, Any]:
    changes = [{**each, "how": "addresses a -> b"} for each in changed]
    return {"step": "staged", "instances": list(instances), "terms_changed": changes, "takes_last": [], **more}


def judged(host: str, said: dict[str, dict[str, Any]], **run: Any) -> dict[str, Any]:
    """What a host comes to, of what hosts registered under __keepalived_*."""
    hosts = run.pop("hosts", {})
    hostvars = {
        name: {**hosts.get(name, {}), **{f"__keepalived_{key}": value for key, value in said.get(name, {}).items()}}
        for name in HOSTS
    }
    defaults = {"instances": [WEB], "batch": list(said), "directors": HOSTS, "absent": [], "forks": 5}
    defaults["allow_empty"] = False
    result: dict[str, Any] = rollout(hostvars, host, {**defaults, **run})
    return result


def refused(host: str, said: dict[str, dict[str, Any]], **run: Any) -> str:
    text: str = judged(host, {name: {"staged": result} for name, result in said.items()}, **run)["refused"]
    return text


def test_a_change_of_terms_goes_on_where_all_directors_are_ready() -> None:
    said = {"lvs1": staged(WEB), "lvs2": staged(WEB)}
    assert [refused(host, said) for host in said] == ["", ""]


@pytest.mark.parametrize(
    "said",
    [{"lvs1": staged(WEB)}, {"lvs1": staged(WEB), "lvs2": {"failed": True, "msg": "x"}}],
    ids=["not in this batch", "failed"],
)
def test_a_director_that_is_not_ready_is_named_with_what_to_do(said: dict[str, Any]) -> None:
    text = refused("lvs1", said)
    for word in (
        "vrrp_instance web",
        "addresses a -> b",
        "lvs2 cannot be told",
        "serial",
        '"keepalived_absent": ["lvs2"]',
    ):
        assert word in text
    assert "teardown" not in text


def test_a_director_of_an_earlier_batch_does_not_count() -> None:
    both = {"lvs1": {"staged": staged(WEB)}, "lvs2": {"staged": staged(WEB)}}
    assert "lvs1 cannot be told" in judged("lvs2", both, batch=["lvs2"])["refused"]


def test_what_says_nothing_of_a_step_does_not_go_on() -> None:
    assert "not staged" in refused("lvs1", {"lvs1": staged(step="file")})


def test_a_change_of_a_weight_needs_nobody() -> None:
    assert refused("lvs1", {"lvs1": staged()}) == ""


def test_a_director_that_leaves_must_be_told_too() -> None:
    """With its old list it hears nobody, and makes itself master."""
    leaving = {**WEB, "leaving": ["192.0.2.13", "192.0.2.99"]}
    said = {"lvs1": {"staged": staged(leaving)}, "lvs2": {"staged": staged(leaving)}}
    hosts = {"lvs3": {"ansible_host": "192.0.2.13"}}
    text = judged("lvs1", said, hosts=hosts)["refused"]
    for word in ("lvs3 cannot be told", "lvs.cluster.teardown, --limit lvs3", '"keepalived_absent": ["lvs3"]'):
        assert word in text
    assert judged("lvs1", {**said, "lvs3": {"staged": staged()}}, hosts=hosts)["refused"] == ""
    assert judged("lvs1", said, hosts=hosts, absent=["lvs3"])["refused"] == ""


def test_an_address_that_comes_to_an_instance_may_be_another_director_s() -> None:
    """Moved from one pair of directors to another, it would have two masters where one of the first is not told."""
    gains = staged({**WEB, "gains": ["192.0.2.101"]})
    said = {"lvs1": {"staged": gains}, "lvs2": {"staged": gains}}
    text = judged("lvs1", said)["refused"]
    for word in ("lvs3 cannot be told", "may be one that lvs3 has in another", '"keepalived_absent": ["lvs3"]'):
        assert word in text
    assert judged("lvs1", {**said, "lvs3": {"staged": staged()}})["refused"] == ""
    assert judged("lvs1", said, absent=["lvs3"])["refused"] == ""
    assert judged("lvs1", {**said, "lvs3": {"staged": {"failed": True, "unreachable": True}}})["refused"]


def test_what_one_keepalived_refuses_goes_live_on_none() -> None:
    said = {"lvs1": {"staged": staged()}, "lvs2": {"staged": {"failed": True, "msg": "bad"}}}
    assert "lvs2 refused it" in judged("lvs1", said, batch=["lvs1"])["refused"]
    said["lvs2"]["staged"]["unreachable"] = True
    assert judged("lvs1", said, batch=["lvs1"])["refused"] == ""


def test_a_director_that_is_switched_off_need_not_agree() -> None:
    assert refused("lvs1", {"lvs1": staged(WEB)}, absent=["lvs2"]) == ""


def test_who_is_held_back_holds_back_its_other_partners() -> None:
    both = staged(WEB, MAIL, instances=(WEB, MAIL))
    said = {"lvs1": staged(WEB), "lvs2": both}
    assert "lvs3 cannot be told" in refused("lvs2", said)
    assert "lvs2 cannot be told" in refused("lvs1", said)
    assert refused("lvs1", {**said, "lvs3": staged(MAIL)}) == ""


def test_an_instance_of_others_is_not_held_back() -> None:
    said = {"lvs1": staged(WEB), "lvs3": staged({"name": "own", "hosts": ["lvs3"]})}
    assert refused("lvs1", said)
    assert refused("lvs3", said) == ""


def test_fewer_forks_than_directors_are_refused_where_terms_change() -> None:
    said = {"lvs1": staged(WEB), "lvs2": staged(WEB)}
    assert "--forks 2" in refused("lvs1", said, forks=1)
    assert refused("lvs1", {"lvs1": staged(), "lvs2": staged()}, forks=1) == ""


def test_the_last_of_a_running_director_is_taken_by_a_word_only() -> None:
    said = {"lvs1": staged(takes_last=["vrrp_instance", "virtual_server"])}
    text = refused("lvs1", said)
    assert "the last vrrp_instance and the last virtual_server" in text
    assert "teardown" in text
    assert refused("lvs1", said, allow_empty=True) == ""


LIVE = {"step": "live", "changed": True}


@pytest.mark.parametrize("other", [{"msg": "reload failed", "failed": False}, None], ids=["failed", "lost"])
def test_who_went_live_goes_back_where_a_partner_did_not(other: Any) -> None:
    said = {host: {"staged": staged(WEB)} for host in ("lvs1", "lvs2")}
    said["lvs1"]["live"] = LIVE
    said["lvs2"]["live"] = LIVE
    assert judged("lvs1", said)["back"] == ""
    said["lvs2"]["live"] = other or {}
    assert "lvs2 cannot be told" in judged("lvs1", said, batch=["lvs1", *(["lvs2"] if other else [])])["back"]


def test_where_one_has_something_to_load_all_of_them_count() -> None:
    said = {"lvs1": {"staged": staged(pending=False)}, "lvs2": {"staged": staged(pending=False)}}
    assert not judged("lvs1", said)["pending"]
    said["lvs2"]["staged"] = staged(pending=True)
    assert [judged(host, said)["pending"] for host in said] == [True, True]


def test_directors_are_waited_for_where_another_one_may_become_master() -> None:
    loaded = {"step": "live", "changed": True}
    said = {"lvs1": {"staged": staged(), "live": loaded}, "lvs2": {"staged": staged(), "live": loaded}}
    assert not judged("lvs1", said)["unsettled"]
    said["lvs2"]["staged"] = staged(WEB)
    assert judged("lvs1", said)["unsettled"]
    said["lvs2"] = {"staged": staged(), "started": {"changed": True}}
    assert judged("lvs1", said)["unsettled"]


def test_what_a_repair_was_told_counts_until_somebody_is_asked_again() -> None:
    wrong = {"states": {"web": "MASTER"}, "problems": ["it runs something else"]}
    said = {"lvs1": {"repaired": wrong}, "lvs2": {"repaired": {"states": {"web": "BACKUP"}, "problems": []}}}
    told = judged("lvs1", said)
    assert (told["again"], told["wrong"]) == (True, ["lvs1: it runs something else"])
    said["lvs1"]["runs"] = {**wrong, "problems": []}
    assert not judged("lvs1", said)["again"]


def test_a_partner_of_unchanged_terms_goes_on() -> None:
    said = {"lvs1": {"staged": staged(), "live": LIVE}, "lvs2": {"staged": staged(), "live": {"msg": "no"}}}
    assert judged("lvs1", said)["back"] == ""


def runs(*states: str, problems: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        host: {"staged": staged(), "runs": {"states": {"web": state}, "problems": list(problems)}}
        for host, state in zip(HOSTS, states, strict=False)
    }


@pytest.mark.parametrize(
    ("states", "wrong"),
    [
        (("MASTER", "BACKUP"), []),
        (("MASTER", "MASTER"), ["vrrp_instance web has 2 masters: lvs1 is MASTER, lvs2 is MASTER"]),
        (("BACKUP", "FAULT"), ["vrrp_instance web has no master: lvs1 is BACKUP, lvs2 is FAULT"]),
        (("BACKUP",), []),
        (("MASTER",), []),
    ],
)
def test_there_is_one_master_as_far_as_directors_were_asked(states: tuple[str, ...], wrong: list[str]) -> None:
    assert judged("lvs1", runs(*states))["wrong"] == wrong
    assert judged("lvs1", runs(*states))["again"] == bool(wrong)


def test_the_last_answer_is_what_counts() -> None:
    said = runs("MASTER", "MASTER")
    said["lvs2"]["runs_again"] = {"states": {"web": "BACKUP"}, "problems": []}
    said["lvs1"]["runs_again"] = {"skipped": True}
    assert judged("lvs1", said)["wrong"] == []


def test_what_runs_otherwise_is_told_of_its_host() -> None:
    assert judged("lvs1", runs("MASTER", "BACKUP", problems=("x",)))["wrong"] == ["lvs1: x"]


TOLD: dict[str, Any] = {"runs": {"states": {}, "problems": []}}


def untold(said: dict[str, dict[str, Any]], **more: Any) -> str:
    """What a real server of the example is told, of what its directors registered under __keepalived_*."""
    variables = hostvars()
    for name, results in said.items():
        variables[name].update({f"__keepalived_{key}": result for key, result in results.items()})
    variables["web1"].update(more)
    text: str = untold_filter(variables, "web1")
    return text


@pytest.mark.parametrize(
    ("of_lvs2", "more"),
    [
        (TOLD, {}),
        ({"runs": {"problems": ["x"]}, "runs_again": {"problems": []}}, {}),
        ({"repaired": {"changed": False}, "runs": {"skipped": True}}, {}),
        ({"repaired": {"skipped": True}, "runs": {"skipped": True}}, {}),
        ({}, {"keepalived_absent": ["lvs2"]}),
    ],
    ids=["asked", "asked again", "in check mode", "in check mode, fresh", "switched off"],
)
def test_what_all_directors_know_of_may_leave_a_real_server(of_lvs2: dict[str, Any], more: dict[str, Any]) -> None:
    assert untold({"lvs1": TOLD, "lvs2": of_lvs2}, **more) == ""


@pytest.mark.parametrize(
    "of_lvs2",
    [{}, {"staged": {"step": "staged"}}, {"runs": {"problems": ["x"]}}, {"runs": {"failed": True}}],
    ids=["not in this run", "refused", "runs something else", "not asked"],
)
def test_a_director_that_may_still_send_to_a_real_server_is_named_with_what_to_do(of_lvs2: dict[str, Any]) -> None:
    text = untold({"lvs1": TOLD, "lvs2": of_lvs2})
    for word in ("not told lvs2, which may still send here", "--limit", "--tags", '"keepalived_absent": ["lvs2"]'):
        assert word in text


def untold_of_static(said: dict[str, Any]) -> str:
    variables = hostvars(STATIC)
    variables["lvs1"].update(said)
    text: str = untold_filter(variables, "web1")
    return text


@pytest.mark.parametrize(
    "said",
    [{"changed": True}, {"changed": False}, {"skipped": True}],
    ids=["changed", "as it was", "in check mode, fresh"],
)
def test_a_director_without_keepalived_knows_by_its_table(said: dict[str, Any]) -> None:
    assert untold_of_static({"__director_table": said}) == ""


@pytest.mark.parametrize(
    "said",
    [{}, {"__director_table": {"failed": True}}, {"__keepalived_repaired": {"skipped": True}}],
    ids=["not in this run", "failed", "role keepalived alone"],
)
def test_a_director_without_keepalived_that_may_still_send_is_named(said: dict[str, Any]) -> None:
    assert "not told lvs1, which may still send here" in untold_of_static(said)
