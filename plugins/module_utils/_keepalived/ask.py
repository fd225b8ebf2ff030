# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The script by which keepalived asks the proxy of its own host.

keepalived runs it every second or so: bash, which each distribution has, opens the connection itself, where a curl may
be missing, and an interpreter of Python would cost ten times as much.
"""

from __future__ import annotations

# In the folder of scripts.
NAME = "ask-proxy"
# In the place of a unit to restart.
NO_UNIT = "-"

# The arguments: as keepalived has it HTTP_GET or TCP_CHECK, address, port, seconds to wait; then the unit, or NO_UNIT;
# then for HTTP_GET path and status.
TEXT = r"""#!/bin/bash
# Does the proxy of this host serve? keepalived asks so again and again; exit status 0 is yes.
type=$1 address=$2 port=$3 seconds=$4 unit=$5 path=$6 status=$7
mark=/run/lvs-cluster/restarted-$unit
[[ $address == *:* ]] && host="[$address]" || host=$address

serves() {
    {
        [ "$type" = TCP_CHECK ] && return
        printf 'GET %s HTTP/1.0\r\nHost: %s\r\n\r\n' "$path" "$host" >&3
        read -r -t "$seconds" -u 3 _version told _reason
        [ "${told%$'\r'}" = "$status" ]
    } 3<>"/dev/tcp/$address/$port"
}

# Once for each failure: who fails again within a minute is not helped by it.
restarts() {
    [ "$(systemctl show --property ActiveState --value "$unit")" = failed ] || return
    mkdir -p /run/lvs-cluster && (set -C && : >"$mark") || return
    systemctl --no-block start "$unit"
    for _try in 1 2 3; do
        sleep 0.3
        serves && return
    done
    return 1
}

exec 2>/dev/null
if serves; then
    [ "$unit" = - ] || [ ! -e "$mark" ] || find "$mark" -mmin +1 -delete
    exit 0
fi
[ "$unit" != - ] && restarts
"""
