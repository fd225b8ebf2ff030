#!/bin/sh -eu
# Runs inside the image of a host: its arguments, packages, come into apt's cache and are not installed, since roles
# really install them. What they depend on is installed: to unpack that takes a host of User-Mode Linux longer than they
# do, and proves nothing. A package that is a part of one of them has a name that begins with it, as nginx-common.
apt-get install --yes --download-only "$@"
names=$(printf '|%s' "$@")
all=$(apt-get install --simulate "$@" | awk '$1 == "Inst" {print $2}')
needed=$(echo "$all" | grep --invert-match --extended-regexp "^(${names#|})(-|$)" || true)
# shellcheck disable=SC2086
apt-get install --yes --mark-auto $needed
