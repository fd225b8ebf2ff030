"""What the role nginx hands to its modules, worked out as Ansible does."""

from __future__ import annotations

from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from golden.programs import ROLES


def of_role(name: str, **variables: Any) -> Any:
    """A variable of the role, with what a host has."""
    loader, own = DataLoader(), {}
    for source in ("defaults", "vars"):
        own.update(loader.load_from_file(str(ROLES / "nginx" / source / "main.yml"), trusted_as_template=True))
    return Templar(loader, variables={**own, "__nginx_cluster": "lvs", **variables}).template(own[name])


def test_whatever_is_a_secret_goes_without_being_shown() -> None:
    given = {"nginx_certificates": {"/etc/ssl/shop.crt": "c"}, "nginx_certificate_keys": {"/etc/ssl/shop.key": "k"}}
    leaving = of_role("__nginx_leaving_files", **given)
    assert {each["state"] for each in leaving} == {"absent"}
    paths = [each["path"] for each in leaving if each.get("secret")]
    tickets = [f"/etc/nginx/lvs.tickets/{name}" for name in ("current", "former", "next")]
    assert paths == ["/etc/ssl/shop.crt", "/etc/ssl/shop.key", *tickets]
    assert "/etc/nginx/conf.d/lvs.conf" in [each["path"] for each in leaving]
