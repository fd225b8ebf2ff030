#!/bin/sh
# Leaves a word, the second argument, in a file.
echo "$2" >> "/run/marks/$1"
