#!/bin/sh
# Succeeds while there is a file.
[ -e "/run/marks/$1" ]
