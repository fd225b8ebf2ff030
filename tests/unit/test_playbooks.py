"""What the playbooks decide themselves."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
import yaml

TEARDOWN = Path(__file__).resolve().parents[2] / "playbooks" / "teardown.yml"


@pytest.mark.parametrize(("packages", "taken"), [(["keepalived", "nginx"], True), (["keepalived"], False)])
def test_teardown_takes_nginx_down_whether_the_description_still_tells_of_it_or_not(packages, taken) -> None:
    (play,) = [each for each in yaml.safe_load(TEARDOWN.read_text()) if each["hosts"] == "lvs_directors"]
    words = {"name": "lvs.cluster.nginx", "tasks_from": "teardown"}
    (task,) = [each for each in play["tasks"] if each["ansible.builtin.include_role"] == words]

    # Plain Jinja has no filter of the collection's: what is described cannot be asked for here.
    assert jinja2.Environment().compile_expression(task["when"])(ansible_facts={"lvs_packages": packages}) is taken
