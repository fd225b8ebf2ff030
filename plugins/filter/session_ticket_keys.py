# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: session_ticket_keys
short_description: Keys of TLS session tickets that all hosts of a cluster have in common
version_added: 1.0.0
author: lvs.cluster authors
description:
  - Of one secret, the name of the cluster and the week, so that hosts agree that never met in one run, and the first
    run of a week changes the keys without anything that had to be kept.
  - A host that was left out in this week decrypts what the others encrypt, and they what it does.
  - Who has the secret can tell all keys that were and will be. What was recorded of TLS 1.2 can be read with them; of
    TLS 1.3 it cannot.
positional: _input, cluster, folder
options:
  _input:
    description: The secret, of at least 32 characters; empty for no keys.
    type: str
    required: true
  cluster:
    description: The name of the cluster.
    type: str
    required: true
  folder:
    description: Where the files will be.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Have a look at when the keys change
  ansible.builtin.debug:
    msg: "{{ nginx_session_ticket_secret | lvs.cluster.session_ticket_keys('lvs', '/keys') | hash('sha256') }}"
"""

RETURN = r"""
_value:
  description:
    - By their paths, what files of C(ssl_session_ticket_key) have in them, 80 characters each. The first, C(current),
      encrypts; C(former) and C(next) are those of the week before and of the week after. Empty where there is no
      secret.
  type: dict
"""

import base64
import hashlib
import hmac
import time

from ansible.errors import AnsibleFilterError

WEEK = 7 * 86400
# 1970-01-01 was a Thursday; weeks begin on Monday.
MONDAY = 4 * 86400
SHORTEST = 32
# ssl_session_ticket_key of nginx: with files of this length the cipher is AES256.
LENGTH = 80


def session_ticket_keys(secret, cluster, folder):
    if not secret:
        return {}
    if len(secret) < SHORTEST:
        raise AnsibleFilterError(
            f"nginx_session_ticket_secret has {len(secret)} characters: write at least {SHORTEST}, as"
            " 'openssl rand -base64 48' prints"
        )
    week = int((time.time() - MONDAY) // WEEK)
    weeks = {"current": week, "former": week - 1, "next": week + 1}
    return {f"{folder}/{name}": _key(secret, cluster, each) for name, each in weeks.items()}


def _key(secret, cluster, week):
    about = f"lvs.cluster session ticket key\n{cluster}\n{week}"
    digest = hmac.new(secret.encode(), about.encode(), hashlib.sha512).digest()
    return base64.b64encode(digest).decode()[:LENGTH]


class FilterModule:
    def filters(self):
        return {"session_ticket_keys": session_ticket_keys}
