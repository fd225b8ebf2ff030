"""The programs that read what the roles write, asked without a host, and the roles' templates without a play."""

from __future__ import annotations

import contextlib
import datetime
import functools
import random
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.given import given_services
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import desired_table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import lines
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import render as render_table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.timeouts import desired_timeouts, set_timeouts
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.verdict import (
    Verdict,
    run_by_root,
    verdict,
    with_stand_ins,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.versions import parse_version
from ansible_collections.lvs.cluster.plugins.module_utils._marks.rules import FILES, Mark, rules
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROLES = Path(__file__).resolve().parents[2] / "roles"
# Those of the distributions, where tools/install could have them, and the one that everybody here has.
KEEPALIVEDS = ("keepalived", "keepalived-bookworm", "keepalived-trixie", "keepalived-forky")

NGINXES = ("nginx", "nginx-bookworm", "nginx-trixie", "nginx-forky")


def keepaliveds() -> list[str]:
    """One program of each version that is here."""
    found = {}
    for program in KEEPALIVEDS:
        if shutil.which(program):
            found.setdefault(version_of(program), program)
    return list(found.values())


@functools.cache
def version_of(program: str) -> str:
    run = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    version = parse_version(run.stderr)
    assert version, run.stderr
    return version


def variables_of(case: Path) -> HostVars:
    """What Ansible has of the hosts of an inventory."""
    loader = DataLoader()
    hosts = InventoryManager(loader, sources=[str(case)])
    return HostVars(hosts, VariableManager(loader, hosts), loader)


def without_scripts(text: str, view: Mapping[str, Any]) -> str:
    """A file that needs neither scripts nor their user, as the module tests it in check mode."""
    scripts = view["keepalived"]["scripts"]
    absent = [*(each["path"] for each in scripts["files"]), *scripts["programs"]]
    return with_stand_ins(run_by_root(text).content, absent) if scripts["user"] else text


def keepalived_says(path: Path, program: str = "keepalived") -> Verdict:
    run = subprocess.run([program, "--config-test", "--use-file", path], capture_output=True, text=True, check=False)
    return verdict(run.returncode, run.stdout + run.stderr, path.read_text())


def nginxes() -> dict[str, str]:
    """By its version, one nginx of each that is here."""
    found: dict[str, str] = {}
    for program in NGINXES:
        if shutil.which(program):
            told = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
            found.setdefault(told.strip().rpartition("/")[2], program)
    return found


@functools.cache
def certificate() -> tuple[str, str]:
    """A certificate and its key, which nginx wants to read before it accepts a file that names some."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    signed = built.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def free_ports(count: int) -> list[int]:
    """None of those that the connections of this machine take by themselves (ip_local_port_range)."""
    found: list[int] = []
    for port in random.sample(range(20000, 32768), 200):
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            found.append(port)
    return found[:count]


def nginx_file(text: str, folder: Path) -> Path:
    """A file of nginx's that includes another one in its block http; whatever it logs or keeps is in the folder.

    All certificates are one.
    """
    for word, held in zip(("ssl_certificate", "ssl_certificate_key"), certificate(), strict=True):
        (folder / word).write_text(held)
        text = re.sub(rf" {word} \S+;", f" {word} {folder / word};", text)
    included = folder / "included.conf"
    included.write_text(text.replace("/var/log/nginx/", f"{folder}/"))
    bodies = " ".join(
        f"{body}_temp_path {folder}/{body};" for body in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(f"pid {folder}/pid;\nevents {{}}\nhttp {{ access_log off; {bodies}\ninclude {included}; }}\n")
    return main


def nginx_says(path: Path, folder: Path, program: str = "nginx") -> str:
    """All that `nginx -t` says of a file that is included in its block http; empty where it accepts it.

    It listens on sockets of the folder, for which nobody must be root.
    """
    text = re.sub(r"listen (\S+?)([ ;])", rf"listen unix:{folder}/\1\2", path.read_text())
    command = [program, "-t", "-q", "-e", "stderr", "-p", folder, "-c", nginx_file(text, folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr or ("" if run.returncode == 0 else f"status {run.returncode}")


def render(role: str, template: str, **variables: Any) -> str:
    """What a template of a role comes to; of the role's own variables it has those that are no templates."""
    own: dict[str, Any] = {"ansible_managed": "Ansible managed"}
    for source in ("defaults", "vars"):
        own.update(yaml.safe_load((ROLES / role / source / "main.yml").read_text()))
    # As ansible.builtin.template does.
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["comment"] = "#\n# {}\n#".format
    text = (ROLES / role / "templates" / template).read_text().split("\n", maxsplit=1)[1]
    return environment.from_string(text).render({**own, **variables})


def render_keepalived(view: dict[str, Any]) -> str:
    keys = ("router_id", "global_defs", "blocks", "lvs_sync_daemon", "vrrp_instances", "virtual_servers")
    variables = {f"__keepalived_{key}": view["keepalived"][key] for key in keys}
    return render("keepalived", "keepalived.conf.j2", **variables)


def render_rules(view: dict[str, Any]) -> str:
    """What the boot of a director without keepalived restores."""
    director = view["director"]
    table = render_table(desired_table(given_services(director["services"])))
    return table + lines(set_timeouts(desired_timeouts(director["timeouts"])) if director["timeouts"] else [])


def render_marks(view: dict[str, Any]) -> dict[str, str]:
    """What marks packets on a director, in each language that could."""
    marks = [Mark(each["address"], each["protocol"], each["port"], each["fwmark"]) for each in view["marking"]["marks"]]
    return {language: rules(language, marks, view["marking"]["interfaces"]) for language in FILES} if marks else {}


# What a host of a case has that says nothing else.
OLD_NGINX = "1.22.1"


def render_nginx(view: dict[str, Any], version: str = OLD_NGINX) -> str:
    keys = ("settings", "upstreams", "servers", "questions", "former")
    variables = {f"__nginx_{key}": view["nginx"][key] for key in keys}
    variables["__nginx_ticket_keys"] = []
    variables["__nginx_http2_on"] = tuple(map(int, version.split("."))) >= (1, 25, 1)
    return render("nginx", "lvs.conf.j2", __nginx_cluster=view["cluster"]["name"], **variables)


def of_a_role(role: str, name: str, **variables: Any) -> Any:
    """A variable of a role, with what a host has, worked out as Ansible does."""
    loader, own = DataLoader(), {}
    for source in ("defaults", "vars"):
        own.update(loader.load_from_file(str(ROLES / role / source / "main.yml"), trusted_as_template=True))
    return Templar(loader, variables={**own, **variables}).template(own[name])
