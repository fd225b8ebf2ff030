# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    # Files whose texts nothing shows, beside C(files).
    DOCUMENTATION = r"""
options:
  secret_files:
    description:
      - The texts of further files, by their paths. Each belongs to the user that the module runs as, who alone can read
        it from its first moment on. No result, no diff and no log shows a text.
    type: dict
    default: {}
"""
