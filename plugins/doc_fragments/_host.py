# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.

from __future__ import annotations


class ModuleDocFragment:
    # What modules fail with.
    DOCUMENTATION = r"""
options: {}
notes:
  - A failure has C(error) in its result, with C(kind), C(remedy), C(text), and the C(command) that failed.
  - >-
    C(kind) is C(refused_options) for values that the module does not accept; C(no_ipvsadm), C(no_ipvs), C(no_ip),
    C(no_keepalived), C(no_boot_service), C(no_marks), C(not_root), C(no_module), C(no_parameter) or C(sysctl) for a
    host that is not ready; C(unknown_scheduler), C(no_such_service), C(no_such_device), C(no_route),
    C(daemon_runs), C(invalid) or C(refused) for what the kernel says; C(killed) for an ipvsadm that was ended in
    the middle of its work; C(unreadable) for an unknown version of ipvsadm; C(wide_address) for an address that
    stands for a whole network; C(other_device) for a dummy device whose name another interface has;
    C(refused_configuration) for a file that keepalived does not accept, C(refused_script) for a script that it
    would not run, C(refused_file) for another file that its program does not accept, C(refused_certificate) for one
    that no site can be served with, C(not_staged) for one that was not tested first, and C(file) for one that cannot
    be written; C(too_old) for a keepalived that does not know what it is to be told; C(keepalived), C(nginx),
    C(marks) or C(network) for a program that does not answer as it should.
"""
