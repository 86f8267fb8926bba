#!/bin/sh
# A check for Nagios and similar monitors. Run it as the user with the logins. Exit codes: 0 all logins work, 2 a
# person must log in, 3 glauth cannot read its logins. It contacts no server and changes nothing, so it can run every
# minute.
said=$(glauth --quiet status 2>&1)
case $? in
    0) echo "OK: no login needs a person" ;;
    3) echo "CRITICAL: a person must run glauth login" && echo "$said" && exit 2 ;;
    *) echo "UNKNOWN: glauth cannot read its logins" && echo "$said" && exit 3 ;;
esac
