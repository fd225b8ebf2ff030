#!/bin/sh
# Leaves all that it is told in a file, the first argument.
file=$1
shift
echo "$*" >> "/run/marks/$file"
