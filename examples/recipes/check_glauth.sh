#!/bin/sh
# A check for Nagios and its like, run as the user with the logins: 0 fine, 2 a person is needed, 3 see
# there. Nothing is asked or changed, so it may run every minute.
said=$(glauth --quiet status 2>&1)
case $? in
    0) echo "OK: no login needs a person" ;;
    3) echo "CRITICAL: a person has to run glauth login" && echo "$said" && exit 2 ;;
    *) echo "UNKNOWN: glauth cannot read its logins" && echo "$said" && exit 3 ;;
esac
