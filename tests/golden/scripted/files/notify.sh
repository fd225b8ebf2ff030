#!/bin/sh
# Tells the log of each change: which instance or group it is, what it became, and with which priority.
exec logger --tag keepalived-notify "$1 $2 is $3 at priority $4"
