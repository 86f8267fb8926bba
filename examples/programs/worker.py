#!/usr/bin/env python3
"""worker.py HOST URL COUNT: requests URL COUNT times, with the login at HOST."""
import subprocess
import sys
from http.client import HTTPException
from urllib import error, request

def give_up(code):
    """The caller reads the exit code. glauth has already printed the reason on stderr."""
    what = {3: "stopped: a person must log in", 4: "not now; the next run tries again",
            6: "stopped: the token is good, but not allowed to do this"}
    sys.stderr.write(f"worker: {what.get(code, 'please report this: glauth failed')}\n")
    sys.exit(code if code > 0 else 1)  # below 0: a signal ended glauth

def get_token(host, refused=None):
    command = ["glauth", "--quiet", "--lock-timeout", "60s", "token", host]
    if refused:
        command.append("--rejected")  # the token goes to stdin: every user can see arguments
    try:  # a refresh in progress continues after the timeout, and the next call finds its token
        glauth = subprocess.run(command, input=refused or "", stdout=subprocess.PIPE, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        give_up(4)
    return glauth.stdout.strip() if glauth.returncode == 0 else give_up(glauth.returncode)

class NoRedirects(request.HTTPRedirectHandler):
    """Turns a redirect into an HTTPError, so the token goes to no other server."""
    def redirect_request(self, *_):
        return None

def get(url, token):
    asked = request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with request.build_opener(NoRedirects).open(asked, timeout=60) as answer:
        return answer.read()

if len(sys.argv) != 4:
    sys.stderr.write("usage: worker.py HOST URL COUNT\n")
    sys.exit(2)
host, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for _ in range(count):
    token = get_token(host)
    for last in (False, False, True):  # a third 401 has another cause
        try:
            get(url, token)
            break
        except error.HTTPError as refusal:
            if refusal.code != 401 or last:
                sys.exit(f"worker: the server answered {refusal.code}")
            token = get_token(host, token)
        except (OSError, HTTPException) as failure:  # HTTPException: the response was cut off
            sys.stderr.write(f"worker: {failure}\n")
            give_up(4)
print(count, "served")
