#!/usr/bin/env python3
"""python_gitlab.py URL: prints your user name at URL, with python-gitlab and your login there."""
import subprocess
import sys

import gitlab


def connect(url, refused=None):
    """Connects with a working token. `refused` is a token that got a 401."""
    command = ["glauth", "--quiet", "token", url] + (["--rejected"] if refused else [])
    # No timeout=: glauth ends by itself.
    glauth = subprocess.run(command, input=refused or "", stdout=subprocess.PIPE, text=True)
    if glauth.returncode != 0:
        sys.exit(glauth.returncode)  # glauth has printed the reason on stderr
    return gitlab.Gitlab(url, oauth_token=glauth.stdout.strip(), timeout=60)


def ask(url, question):
    """Asks the question. If the server refuses the token, asks once more with another one."""
    server = connect(url)
    try:
        return question(server)
    except gitlab.GitlabAuthenticationError:
        return question(connect(url, refused=server.oauth_token))


print(ask(sys.argv[1], lambda server: server.http_request("get", "/user").json()["username"]))
