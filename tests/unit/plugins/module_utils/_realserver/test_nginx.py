from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._realserver import nginx

OURS = "/etc/nginx/conf.d/lvs.conf"
DEFAULT_SITE = "/etc/nginx/sites-enabled/default"
RIP = "192.0.2.21"

# `nginx -T -q` of nginx 1.22 (Debian 12), shortened, its tabs as spaces.
DUMP = """# configuration file /etc/nginx/nginx.conf:
user www-data;
http {
    include /etc/nginx/mime.types;
    #    server {
    #        listen     localhost:110;
    include /etc/nginx/conf.d/*.conf;
    include /etc/nginx/sites-enabled/*;
}

# configuration file /etc/nginx/mime.types:

types {
    text/html                             html htm shtml;
}

# configuration file /etc/nginx/conf.d/lvs.conf:
server {
    listen 80;
    listen 192.0.2.100:80;
    location = /healthz { access_log off; }
}

# configuration file /etc/nginx/sites-enabled/default:
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    # listen 443 ssl default_server;
}
"""

# `ss -H -l -t -n -p` of iproute2 6.1 (Debian 12).
SS = """\
LISTEN 0      511          0.0.0.0:80        0.0.0.0:*    users:(("nginx",pid=412,fd=6),("nginx",pid=411,fd=6))
LISTEN 0      511                *:8080            *:*    users:(("apache2",pid=633,fd=4))
LISTEN 0      128             [::]:443          [::]:*    users:(("sshd",pid=290,fd=4))
LISTEN 0      128             [::]:8443         [::]:*    users:(("sshd",pid=290,fd=5))
LISTEN 0      5      192.0.2.21:443        0.0.0.0:*    users:(("python3",pid=701,fd=3))
"""


def site(listen: str, name: str = "site.conf", folder: str = "/etc/nginx/conf.d") -> tuple[str, str]:
    return f"{folder}/{name}", f"server {{ {listen} root /var/www; }}\n"


def rivals(*others: tuple[str, str], ours: str = "listen 80; listen 192.0.2.100:80;", port: int = 80) -> list[str]:
    read = sorted([*others, (OURS, f"server {{ {ours} }}\n" if ours else "")])
    return [each.text for each in nginx.rivals(nginx.listens(read), OURS, RIP, port)]


def test_files_of_a_dump_are_told_apart_in_their_order() -> None:
    read = nginx.files(DUMP)
    assert [path for path, _text in read] == [
        "/etc/nginx/nginx.conf",
        "/etc/nginx/mime.types",
        OURS,
        DEFAULT_SITE,
    ]
    assert read[2][1].startswith("server {\n    listen 80;")


def test_sockets_of_a_dump_are_read_without_comments() -> None:
    assert [each[:5] for each in nginx.listens(nginx.files(DUMP))] == [
        (OURS, "80", "", 80, False),
        (OURS, "192.0.2.100:80", "192.0.2.100", 80, False),
        (DEFAULT_SITE, "80 default_server", "", 80, True),
        (DEFAULT_SITE, "[::]:80 default_server", "::", 80, True),
    ]


def test_names_of_a_server_are_those_of_all_its_lines_wherever_they_stand() -> None:
    text = """
    http {
        server { server_name "shop.example.com" 'www.example.com'; listen 80; # server_name not.this;
            location ~ "^/a{2};" { return 200 "listen 81;"; }
            set $x ${host}; server_name ~^x\\.; listen 443 ssl; }
        server { listen 8080; }
    }
    """
    found = nginx.listens([("own.conf", text), ("snippet.conf", "listen 9000;")])
    names = ("shop.example.com", "www.example.com", "~^x\\.")
    assert [(each.text, each.names, each.server) for each in found] == [
        ("80", names, 1),
        ("443 ssl", names, 1),
        ("8080", (), 2),
        ("9000", (), 0),
    ]


@pytest.mark.parametrize(
    ("theirs", "hidden"),
    [
        ("listen 80; server_name blog;", {("192.0.2.100", 80): [("blog",)]}),
        ("listen 80; listen 192.0.2.100:80; server_name blog;", {}),
        ("listen 8080;", {}),
        ("listen 192.0.2.99:80;", {}),
        ("listen 80;", {("192.0.2.100", 80): [()]}),
        ("listen [::]:80; server_name six;", {("2001:db8::100", 80): [("six",)]}),
        ("listen [::]:80 ipv6only=off;", {("192.0.2.100", 80): [()], ("2001:db8::100", 80): [()]}),
        ("listen [::]:80; listen [2001:db8::100]:80;", {}),
    ],
)
def test_site_that_ours_hides_at_an_address_is_found_by_its_names(theirs: str, hidden: dict[object, object]) -> None:
    listens = "listen 80; listen [::]:80; listen 192.0.2.100:80; listen [2001:db8::100]:80;"
    found = nginx.listens([(OURS, f"server {{ {listens} }}"), site(theirs)])
    ours = [nginx.Wanted(each.address, each.port) for each in found if each.path == OURS]
    seen = nginx.shadowed(found, OURS, ours)
    assert {key: [each.names for each in others] for key, others in seen.items()} == hidden


@pytest.mark.parametrize(
    ("ours", "told"),
    [
        ("listen 80; listen 192.0.2.100:80;", []),
        (
            "listen 192.0.2.100:80;",
            ["192.0.2.100:80 is held by nginx itself, which listens on 0.0.0.0:80 since before"],
        ),
        ("listen 8080;", ["*:8080 is held by apache2 (process 633), which listens on *:8080"]),
        ("listen 443;", ["*:443 is held by python3 (process 701), which listens on 192.0.2.21:443"]),
        (
            "listen 192.0.2.21:443;",
            ["192.0.2.21:443 is held by python3 (process 701), which listens on 192.0.2.21:443"],
        ),
        ("listen 192.0.2.22:443;", []),
        ("listen 9000;", []),
        ("listen [::]:80; listen [2001:db8::100]:80;", []),
        ("listen [::]:8080;", ["[::]:8080 is held by apache2 (process 633), which listens on *:8080"]),
        (
            "listen [2001:db8::100]:8443;",
            ["[2001:db8::100]:8443 is held by sshd (process 290), which listens on [::]:8443"],
        ),
        ("listen 8443;", []),
    ],
)
def test_who_keeps_nginx_from_a_socket_is_named_also_nginx_itself(ours: str, told: list[str]) -> None:
    wanted = nginx.listens([site(ours)])
    assert nginx.in_use(wanted, nginx.sockets(SS), {411, 412}) == told


def test_another_nginx_is_not_ours_and_one_that_is_not_seen_is_said_so() -> None:
    wanted = nginx.listens([site("listen 80;")])
    assert nginx.in_use(wanted, nginx.sockets(SS), {99}) == [
        "*:80 is held by nginx (process 412), which listens on 0.0.0.0:80"
    ]
    unseen = "LISTEN 0 511 10.0.0.1%lo:80 0.0.0.0:*\n"
    assert nginx.in_use(wanted, nginx.sockets(unseen), {99}) == [
        "*:80 is held by a process that ss does not see, which listens on 10.0.0.1%lo:80"
    ]


def test_names_that_a_certificate_can_have_are_asked_for() -> None:
    names = ["shop.example.com", "*.example.com", ".example.org", "~^x", "_", "", "mail.*", "a_b.example", "$hostname"]
    assert nginx.asked_as(names) == [
        "shop.example.com",
        "any.example.com",
        "example.org",
        "any.example.org",
        "a_b.example",
    ]


def test_default_server_answers_in_our_place_unless_it_is_about_to_go() -> None:
    found = nginx.listens(nginx.files(DUMP))
    assert [each.path for each in nginx.rivals(found, OURS, RIP, 80)] == [DEFAULT_SITE]
    assert nginx.rivals(found[:-2], OURS, RIP, 80) == []


@pytest.mark.parametrize(
    ("listen", "wins"),
    [
        (f"listen {RIP}:80;", True),
        (f"listen {RIP};", True),
        ("listen *:80 default_server;", True),
        ("listen 80;", False),
        ("listen 0.0.0.0:80 reuseport;", False),
        ("listen 192.0.2.99:80 default_server;", False),
        ("listen 8080 default_server;", False),
        ("listen unix:/run/site.sock default_server;", False),
        ("listen [::]:80 default_server;", False),
        ("listen localhost:80;", False),
        ("listen [2001:db8::21]:80;", False),
    ],
)
def test_site_on_our_port_answers_only_where_it_comes_first(listen: str, wins: bool) -> None:
    assert rivals(site(listen)) == ([listen.removeprefix("listen ").rstrip(";")] if wins else [])


@pytest.mark.parametrize(
    ("listen", "wins"),
    [
        ("listen [2001:db8::21]:80;", True),
        ("listen [2001:db8::21];", True),
        ("listen [::]:80 default_server;", True),
        ("listen [::]:80 ipv6only=off default_server;", True),
        ("listen 80 default_server;", False),
        ("listen [::]:80;", False),
    ],
)
def test_site_answers_in_our_place_by_ipv6_where_it_listens_by_that(listen: str, wins: bool) -> None:
    found = nginx.listens([(OURS, "server { listen 80; listen [::]:80; }"), site(listen)])
    assert bool(nginx.rivals(found, OURS, "2001:db8::21", 80)) is wins


@pytest.mark.parametrize("ours", ["listen 80;", ""], ids=["as now", "not yet written"])
def test_first_file_on_a_port_is_its_default(ours: str) -> None:
    assert rivals(site("listen 80;", "a.conf"), ours=ours) == ["80"]
    assert rivals(site("listen 80;", "z.conf"), ours=ours) == []


def test_default_server_of_ours_comes_before_the_first_file() -> None:
    found = nginx.listens([site("listen 80;", "a.conf"), (OURS, "server { listen 80; }")])
    assert [each.path for each in nginx.rivals(found, OURS, RIP, 80)] == ["/etc/nginx/conf.d/a.conf"]
    assert nginx.rivals(found, OURS, RIP, 80, is_default=True) == []


def test_file_that_is_not_understood_has_no_sockets() -> None:
    assert nginx.listens([("lua.conf", "content_by_lua_block { x = '\\'' } }"), site("listen 80;")])[0].port == 80


@pytest.mark.parametrize(
    ("port", "families", "names"),
    [
        (80, ["ipv4", "ipv6"], []),
        (8080, ["ipv4", "ipv6"], ["apache2"]),
        (8080, ["ipv6"], ["apache2"]),
        (443, ["ipv4"], ["python3"]),
        (443, ["ipv6"], ["sshd"]),
        (8, ["ipv4"], []),
    ],
)
def test_process_that_keeps_nginx_from_a_port_is_named(port: int, families: list[str], names: list[str]) -> None:
    assert [each.name for each in nginx.holders(SS, port, families)] == names


def test_answer_is_read_as_far_as_its_headers() -> None:
    got = nginx.answer(b"HTTP/1.1 200 OK\r\nServer: nginx\r\nX-LVS-Cluster:  lvs\r\n\r\nok\n")
    assert (got.status, got.headers["x-lvs-cluster"]) == (200, "lvs")
    assert nginx.answer(b"") == (0, {}, "an empty answer")
    assert nginx.answer(b"220 mail ESMTP\r\n").status == 0


@pytest.mark.parametrize(
    ("started", "loaded"),
    [([], False), ([99.0], False), ([100.0], True), ([99.0, 101.0], False), ([101.0, 102.0], True)],
)
def test_file_is_loaded_where_every_worker_is_younger(started: list[float], loaded: bool) -> None:
    assert nginx.is_loaded(100.0, started) is loaded
