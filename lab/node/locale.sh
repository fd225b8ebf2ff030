#!/bin/sh -eu
# Runs inside the image of a host that has a LOCALE of its own: as PAM would tell it to a login, had sshd's not been
# switched off.
localedef -i "${LOCALE%.*}" -f UTF-8 "$LOCALE"
echo "LANG=$LOCALE" | tee /etc/locale.conf > /etc/default/locale
echo "SetEnv LANG=$LOCALE" > /etc/ssh/sshd_config.d/locale.conf
