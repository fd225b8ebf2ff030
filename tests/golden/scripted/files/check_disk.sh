#!/bin/sh
# Fails where the file system of a folder, the first argument, is as full as the second, in percent.
used=$(df --output=pcent "$1" | tail -n 1 | tr -d ' %')
[ "$used" -lt "$2" ]
