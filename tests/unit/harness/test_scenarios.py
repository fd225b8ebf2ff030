"""What is read from the scenarios' folders, and what shares a lab."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.lvs.cluster.tests.run import Gate, Running, next_gate, scenario_gate
from ansible_collections.lvs.cluster.tests.scenario import Steps
from harness import scenarios
from harness.scenarios import Scenario

ROOT = Path(__file__).resolve().parents[3]


def test_every_scenario_has_all_that_belongs_to_it() -> None:
    found = scenarios.read(ROOT)
    assert "default" in [each.name for each in found]
    for each in found:
        folder = ROOT / "molecule" / each.name
        assert (folder / "molecule.yml").read_text(encoding="utf-8").startswith("# "), "no story"
        assert list((folder / "tests").glob("test_*.py"))
        assert (folder / "breaks.py").exists()


def test_what_follows_on_a_shared_lab_asks_for_no_step_that_is_left_out_there() -> None:
    """Of a group the first alone runs its whole sequence; the others verify what it made, in the order of names."""
    for _first, *others in scenarios.groups(scenarios.read(ROOT)):
        for each in others:
            told = yaml.safe_load((ROOT / "molecule" / each.name / "molecule.yml").read_text(encoding="utf-8"))
            assert told["scenario"]["test_sequence"] == ["destroy", "create", "converge", "verify", "destroy"], each


def test_scenario_is_read_from_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "molecule" / "x"
    (tmp_path / "inventories" / "big").mkdir(parents=True)
    folder.mkdir(parents=True)
    (folder / "inventory").symlink_to("../../inventories/big")
    base = tmp_path / scenarios.BASE
    base.parent.mkdir(parents=True)
    base.write_text("ansible: {env: {SCENARIO_MINUTES: '10'}, playbooks: {converge: site.yml, create: create.yml}}")
    (folder / "molecule.yml").write_text("ansible: {env: {OTHER: '1'}}")
    assert scenarios.read(tmp_path) == [Scenario("x", "big", "site.yml", 10)]
    (folder / "molecule.yml").write_text(
        "ansible: {env: {SCENARIO_MINUTES: '12', SCENARIO_FULL: '1'}, playbooks: {converge: other.yml}}"
    )
    assert scenarios.read(tmp_path) == [Scenario("x", "big", "other.yml", 12, full=True)]


def test_same_lab_and_same_converge_are_one_run() -> None:
    a, b, c = (
        Scenario("a", "lab", "site.yml", 10),
        Scenario("b", "lab", "site.yml", 10),
        Scenario("c", "lab", "other.yml", 30),
    )
    assert scenarios.groups([a, b, c]) == [[c], [a, b]]
    gate = scenario_gate([a, b])
    assert (gate.name, gate.words, gate.lab, gate.budget) == ("molecule-a-b", ("molecule", "SCENARIO=a b"), "lab", 1200)


def test_two_gates_never_have_the_same_lab() -> None:
    first, second, other = Gate("1", ("1",), lab="lab"), Gate("2", ("2",), lab="lab"), Gate("3", ("3",))
    running = [Running(first, None, 0)]  # type: ignore[arg-type]  # its process is not looked at
    assert next_gate([second, other], running) == other
    assert next_gate([second], running) is None
    assert next_gate([second, other], []) == second


def test_steps_are_timed_and_missing_playbooks_noticed() -> None:
    steps = Steps()
    for now, line in enumerate(
        [
            "\x1b[36mINFO    \x1b[0m \x1b[32mdefault\x1b[0m ➜ \x1b[33mcreate\x1b[0m: \x1b[36mExecuting\x1b[0m",
            "PLAY [Bring the lab up]",
            "INFO     default ➜ create: Executed: Successful",
            "INFO     default ➜ verify: Executing Testinfra tests found in molecule/default/tests/...",
            "INFO     [default > verify] Executed: Failed",
            "default > create: Executed: Successful",
            "WARNING  default ➜ side_effect: Missing playbook (remove from test_sequence to suppress)",
        ]
    ):
        steps.read(line, now)
    assert steps.took == {"create": 2, "verify": 1}
    assert len(steps.missing) == 1
