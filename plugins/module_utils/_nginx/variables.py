# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The variables of nginx's own modules, as distributions build it; it starts with no other one."""

from __future__ import annotations

import re
from typing import List

# The index of variables of nginx.org, as far as Debian's 1.22 has them.
KNOWN = frozenset(
    [
        "args",
        "binary_remote_addr",
        "body_bytes_sent",
        "bytes_sent",
        "connection",
        "connection_requests",
        "connection_time",
        "content_length",
        "content_type",
        "document_root",
        "document_uri",
        "host",
        "hostname",
        "https",
        "is_args",
        "limit_rate",
        "msec",
        "nginx_version",
        "pid",
        "pipe",
        "query_string",
        "realip_remote_addr",
        "realip_remote_port",
        "realpath_root",
        "remote_addr",
        "remote_port",
        "remote_user",
        "request",
        "request_body",
        "request_body_file",
        "request_completion",
        "request_filename",
        "request_id",
        "request_length",
        "request_method",
        "request_time",
        "request_uri",
        "scheme",
        "server_addr",
        "server_name",
        "server_port",
        "server_protocol",
        "ssl_cipher",
        "ssl_ciphers",
        "ssl_client_verify",
        "ssl_curves",
        "ssl_early_data",
        "ssl_protocol",
        "ssl_server_name",
        "ssl_session_id",
        "ssl_session_reused",
        "status",
        "time_iso8601",
        "time_local",
        "upstream_addr",
        "upstream_bytes_received",
        "upstream_bytes_sent",
        "upstream_cache_status",
        "upstream_connect_time",
        "upstream_header_time",
        "upstream_http_location",
        "upstream_response_length",
        "upstream_response_time",
        "upstream_status",
        "uri",
    ]
)
# With any name behind.
FAMILIES = ("arg_", "cookie_", "http_", "sent_http_", "upstream_http_", "upstream_cookie_")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+)|)", re.ASCII)


def unknown(text: str) -> List[str]:
    """What is no variable in a text, each as it is written; a C($) that none follows too."""
    found = []
    for each in VARIABLE.finditer(text):
        name = each[1] or each[2] or ""
        family = next((start for start in FAMILIES if name.startswith(start)), None)
        if name not in KNOWN and (family is None or name == family):
            found.append(each[0])
    return found
