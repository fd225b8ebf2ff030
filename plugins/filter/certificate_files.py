# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_files
short_description: Certificates as files that everybody may read, once none of them is a secret
version_added: 1.0.0
author: lvs.cluster authors
description:
  - Fails where a text has a private key in it, where a path is one of a key too, and where nobody names a path.
  - It is asked on the controller, before a text has been sent to a host, and stands in its log.
positional: _input, keys, named
options:
  _input:
    description: The texts of certificates, by their paths, as of C(nginx_certificates).
    type: dict
    required: true
  keys:
    description: Those of their keys, as of C(nginx_certificate_keys).
    type: dict
    required: true
  named:
    description: The files that the description of nginx names.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Write certificates
  lvs.cluster.files:
    files: "{{ nginx_certificates | lvs.cluster.certificate_files(nginx_certificate_keys, ['/etc/ssl/shop.crt']) }}"
"""

RETURN = r"""
_value:
  description: Each with its C(path) and its C(content), for O(lvs.cluster.files#module:files).
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError

KEY = "PRIVATE KEY-----"


def certificate_files(certificates, keys, named):
    found = [
        *(_told("nginx_certificates", path, _reason(path, text, keys)) for path, text in certificates.items()),
        *(
            _told(variable, path, "no site names this file: write the path that its site has, or remove it")
            for variable, paths in (("nginx_certificates", certificates), ("nginx_certificate_keys", keys))
            for path in paths
            if path not in named
        ),
    ]
    if any(found):
        raise AnsibleFilterError(". ".join(filter(None, found)))
    return [{"path": path, "content": text} for path, text in certificates.items()]


def _reason(path, text, keys):
    if path in keys:
        return "is a path of nginx_certificate_keys too: a certificate and its key are two files"
    if KEY in str(text):
        return "has a private key in it, and everybody may read this file: write the key into nginx_certificate_keys"
    return ""


def _told(variable, path, reason):
    return reason and f"{variable}[{path}]: {reason}"


class FilterModule:
    def filters(self):
        return {"certificate_files": certificate_files}
