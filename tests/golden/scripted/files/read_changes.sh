#!/bin/sh
# Tells the log each line of the pipe whose path keepalived gives as the last argument.
exec logger --tag keepalived-changes --file "$1"
