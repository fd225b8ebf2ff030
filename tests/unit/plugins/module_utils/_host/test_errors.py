"""What modules fail with, in one form for all doors."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import yaml
from ansible_collections.lvs.cluster.plugins.doc_fragments._host import ModuleDocFragment
from ansible_collections.lvs.cluster.plugins.module_utils import _host
from ansible_collections.lvs.cluster.plugins.module_utils._host.errors import HostError, failure
from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import BatchError
from ansible_collections.lvs.cluster.plugins.module_utils._problems import OptionsError, Problem


def errors_of(parent: type[HostError]) -> Iterator[type[HostError]]:
    yield parent
    for each in parent.__subclasses__():
        yield from errors_of(each)


def test_the_documentation_tells_every_kind_of_error() -> None:
    for door in pkgutil.iter_modules(_host.__path__):
        importlib.import_module(f"{_host.__name__}.{door.name}")
    # A batch has the kind of the rule that failed, or that of an end in the middle.
    kinds = {each.kind for each in errors_of(HostError) if each is not BatchError} | {"refused_options", "killed"}
    notes = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["notes"]
    assert set(re.findall(r"C\((\w+)\)", notes[-1])) - {"kind"} == kinds


def test_an_error_tells_its_command_and_its_remedy() -> None:
    error = HostError("No such device", ["ip", "address", "show"])
    error.remedy = "See 'ip link'"
    assert failure(error)["error"] == {
        "kind": "refused",
        "remedy": "See 'ip link'",
        "text": "No such device",
        "command": "ip address show",
    }


def test_all_problems_of_options_are_one_failure_that_tells_each_of_them_once() -> None:
    port = Problem("port", 8080, "is not the service's port 80", "Write 80")
    told = failure(OptionsError([port, Problem("services[0]", None, "missing"), port], "Nothing was changed"))
    assert told["msg"] == "port: 8080 is not the service's port 80. Write 80; services[0]: missing. Nothing was changed"
    assert (told["error"]["kind"], told["error"]["remedy"]) == ("refused_options", "Write 80")
