"""A password is changed, and nobody but root on the hosts hears of either."""

from __future__ import annotations

import json

from harness.playbooks import changed

# Wherever something is kept that has one of the words in it, with who may read it. keepalived itself writes what it
# runs to /tmp when it is asked.
FOUND = (
    "grep -rlsF {words} /etc /home /root /run /tmp /var --exclude-dir=apt --exclude-dir=dpkg"
    " | xargs -r stat --format '%a %U:%G %n'"
)


def test_a_new_password_is_told_to_nobody(site, lab, faults, cluster, service, tmp_path, prove):
    instance = cluster.variables["lvs_vrrp_instances"][0]
    words = [instance["authentication"]["auth_pass"], "quagga-2"]
    changes = tmp_path / "changes.json"
    changes.write_text(json.dumps({"lvs_vrrp_instances": [{**instance, "authentication": {"auth_pass": words[1]}}]}))
    with faults.healing(lambda: site("--limit", "lvs_directors")):
        done = site("-vvv", "--diff", "--extra-vars", f"@{changes}")
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        assert sorted(changed(done.stdout)) == service.directors
        assert "auth_pass" in said, "the diff does not show where"
        assert [word for word in words if word in said] == []
        for director in service.directors:
            journal = lab.exec(director, "journalctl", "--boot", "--no-pager")
            assert "keepalived_config" in journal
            assert [word for word in words if word in journal] == []
            found = lab.shell(director, FOUND.format(words=" ".join(f"-e {word}" for word in words))).splitlines()
            assert "640 root:root /etc/keepalived/keepalived.conf" in found
            assert [each for each in found if not each.startswith(("600 root:root /", "640 root:root /"))] == []
        prove(service.master)
