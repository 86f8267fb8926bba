#!/usr/bin/env python3
"""python_gitlab.py URL: who am I? With python-gitlab, and the login at URL."""
import subprocess
import sys

import gitlab


def connect(url, refused=None):
    """With a working token; `refused` is one that got a 401."""
    command = ["glauth", "--quiet", "token", url] + (["--rejected"] if refused else [])
    # It ends by itself. A timeout= would kill it, which in a refresh can cost the login.
    glauth = subprocess.run(command, input=refused or "", stdout=subprocess.PIPE, text=True)
    if glauth.returncode != 0:
        sys.exit(glauth.returncode)  # it has said why on stderr
    return gitlab.Gitlab(url, oauth_token=glauth.stdout.strip(), timeout=60)


def ask(url, question):
    """Asks, and once more with another token where this one is refused."""
    server = connect(url)
    try:
        return question(server)
    except gitlab.GitlabAuthenticationError:
        return question(connect(url, refused=server.oauth_token))


print(ask(sys.argv[1], lambda server: server.http_request("get", "/user").json()["username"]))
