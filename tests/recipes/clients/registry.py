#!/usr/bin/env python3
"""A package registry of every kind, for the clients that the suite tries.

registry.py SERVER FOLDER [CERTIFICATE KEY] prints its address, and serves until it is killed. The authorization server
at the address SERVER is reached through it, as at a forge that is both. It answers a request only if SERVER accepts the
token in it, and otherwise with 401. In FOLDER:

  requests   one line for each request: `GET /pypi/simple/first/ good 1`. The verdict is `bare` if there is no token,
             `good` or `refused`; tokens are numbered in the order in which they came.
  rotate     `N REGEX`: when the Nth request that matches arrives, the registry runs `glauth refresh --force` before it
             looks at the token, and removes the file.
"""
import base64
import gzip
import hashlib
import io
import json
import os
import re
import ssl
import subprocess
import sys
import tarfile
import threading
import zipfile
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SERVER, FOLDER = urlsplit(sys.argv[1]), sys.argv[2]
NAMES = ("first", "second")  # the first package depends on the second


def tar_gz(files):
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def zip_of(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return packed.getvalue()


def needed_by(name):
    return ["second"] if name == "first" else []


def crate(name):
    needs = "".join(f'{other} = {{ version = "1.0.0", registry = "forge" }}\n' for other in needed_by(name))
    manifest = f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\n{needs}'
    return tar_gz({f"{name}-1.0.0/Cargo.toml": manifest, f"{name}-1.0.0/src/lib.rs": ""})


def crate_index(name):
    needs = [{"name": other, "req": "^1.0.0", "features": [], "optional": False, "default_features": True,
              "target": None, "kind": "normal"} for other in needed_by(name)]
    checksum = hashlib.sha256(crate(name)).hexdigest()
    return {"name": name, "vers": "1.0.0", "deps": needs, "cksum": checksum, "features": {}, "yanked": False}


def npm_manifest(name):
    return {"name": name, "version": "1.0.0", "dependencies": {other: "1.0.0" for other in needed_by(name)}}


def npm_tarball(name):
    return tar_gz({"package/package.json": json.dumps(npm_manifest(name)), "package/index.js": ""})


def npm_metadata(url, name):
    digest = base64.b64encode(hashlib.sha512(npm_tarball(name)).digest()).decode()
    dist = {"tarball": f"{url}/npm/{name}/-/{name}-1.0.0.tgz", "integrity": f"sha512-{digest}"}
    version = npm_manifest(name) | {"dist": dist}
    return {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}


def wheel(name):
    info = f"{name}-1.0.dist-info"
    needs = "".join(f"Requires-Dist: {other}\n" for other in needed_by(name))
    return zip_of({
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: registry\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
    })


def wheel_page(url, name):
    file = f"{name}-1.0-py3-none-any.whl"
    digest = hashlib.sha256(wheel(name)).hexdigest()
    return f'<!DOCTYPE html><a href="{url}/pypi/files/{file}#sha256={digest}">{file}</a>'


def go_mod(name):
    needs = "".join(f"require example.com/{other} v1.0.0\n" for other in needed_by(name))
    return f"module example.com/{name}\n\ngo 1.24\n{needs}"


def go_file(name, file):
    at = f"example.com/{name}@v1.0.0"
    imports = "".join(f'import _ "example.com/{other}"\n' for other in needed_by(name))
    return {
        "list": "v1.0.0\n",
        "v1.0.0.info": json.dumps({"Version": "v1.0.0", "Time": "2026-01-01T00:00:00Z"}),
        "v1.0.0.mod": go_mod(name),
        "v1.0.0.zip": zip_of({f"{at}/go.mod": go_mod(name), f"{at}/{name}.go": f"package {name}\n{imports}"}),
    }.get(file)


def composer_packages(url):
    def package(name):
        needs = {f"forge/{other}": "1.0.0" for other in needed_by(name)}
        dist = {"type": "zip", "url": f"{url}/composer/dist/{name}.zip", "reference": name}
        return {"1.0.0": {"name": f"forge/{name}", "version": "1.0.0", "require": needs, "dist": dist}}
    return {"packages": {f"forge/{name}": package(name) for name in NAMES}}


AWS_ANSWER = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>key</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
<AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>r:s</AssumedRoleId></AssumedRoleUser>
</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
AWS_REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>InvalidIdentityToken</Code><Message>the token is not valid</Message></Error></ErrorResponse>"""
GOOGLE_ANSWER = {"access_token": "google", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                 "token_type": "Bearer", "expires_in": 3600}


def found(method, path, body, url):
    """What there is to be had at a path; None if there is nothing."""
    part = path.strip("/").split("/")
    name = next((one for one in NAMES if one in path), None)
    match part:
        case ["cargo", "config.json"]:
            return {"dl": f"{url}/cargo/dl/{{crate}}", "api": f"{url}/cargo", "auth-required": True}
        case ["cargo", "dl", _]:
            return crate(name)
        case ["cargo", "api", "v1", "crates", "new"] if method == "PUT":
            length = int.from_bytes(body[:4], "little")
            STATE[json.loads(body[4:4 + length])["name"]] = b""
            return {"warnings": {"invalid_categories": [], "invalid_badges": [], "other": []}}
        case ["cargo", _, _, crate_name]:
            return json.dumps(crate_index(crate_name)) if name or crate_name in STATE else None
        case ["npm", _]:
            return name and npm_metadata(url, name)
        case ["npm", _, "-", _]:
            return name and npm_tarball(name)
        case ["pypi", "upload"] if method == "POST":
            return ""
        case ["pypi", "simple", _]:
            return name and wheel_page(url, name)
        case ["pypi", "files", _]:
            return name and wheel(name)
        case ["go", "example.com", _, "@v", file]:
            return name and go_file(name, file)
        case ["composer", "packages.json"]:
            return composer_packages(url)
        case ["composer", "dist", _]:
            return name and zip_of({f"{name}/composer.json": "{}"})
        case ["files", _]:
            return name
        case ["aws"]:
            return AWS_ANSWER
        case ["google"]:
            return GOOGLE_ANSWER
    return None


class Judge:
    """Looks at one request at a time."""

    def __init__(self):
        self.lock, self.seen, self.matches = threading.Lock(), [], 0

    def verdict(self, line, token):
        with self.lock:
            self.rotate_if_it_is_time(line)
            number = ""
            verdict = "bare"
            if token:
                if token not in self.seen:
                    self.seen.append(token)
                number = f" {self.seen.index(token) + 1}"
                verdict = "good" if accepted(token) else "refused"
            with open(f"{FOLDER}/requests", "a", encoding="utf-8") as log:
                log.write(f"{line} {verdict}{number}\n")
            return verdict

    def rotate_if_it_is_time(self, line):
        file = f"{FOLDER}/rotate"
        if not os.path.exists(file):
            self.matches = 0
            return
        with open(file, encoding="utf-8") as order:
            wanted, pattern = order.read().strip().split(" ", 1)
        self.matches += bool(re.search(pattern, line))
        if self.matches == int(wanted):
            self.matches = 0
            subprocess.run(["glauth", "--quiet", "refresh", "--force", URL], check=True, stdin=subprocess.DEVNULL)
            os.remove(file)


def accepted(token):
    server = HTTPConnection(SERVER.netloc, timeout=60)
    server.request("GET", "/api/v4/user", headers={"Authorization": f"Bearer {token}"})
    return server.getresponse().status == 200


def presented(headers, body):
    """The token of a request, wherever its protocol puts it."""
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(body.decode())
        return (form.get("WebIdentityToken") or form.get("subject_token") or [""])[0]
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() == "basic":
        return base64.b64decode(value).decode().partition(":")[2]
    return ""


JUDGE = Judge()
STATE = {}  # what Terraform has stored, and the names of published crates


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        if path.startswith(("/oauth/", "/api/v4/", "/.well-known/")):
            return self.forward(body)
        if path == "/introspect":  # gcloud asks who its own token is for
            return self.answer(200, b'{"active": true, "username": "principal://example"}', "application/json")
        verdict = JUDGE.verdict(f"{self.command} {path}", presented(self.headers, body))
        if verdict != "good":
            return self.refuse(path)
        if path.startswith("/terraform/"):
            return self.keep_state(path, body)
        what = found(self.command, path, body, URL)
        if what is None:
            return self.answer(404, b"not found")
        if isinstance(what, (dict, list)):
            return self.answer(200, json.dumps(what).encode(), "application/json")
        return self.answer(200, what if isinstance(what, bytes) else what.encode(), content_type(path))

    do_GET = do_HEAD = do_POST = do_PUT = do_LOCK = do_UNLOCK = handle_any

    def refuse(self, path):
        if path == "/aws":
            return self.answer(400, AWS_REFUSAL.encode(), "text/xml")
        if path == "/google":
            return self.answer(400, b'{"error":"invalid_grant"}', "application/json")
        return self.answer(401, b'{"error":"invalid_token"}', "application/json", 'Basic realm="registry"')

    def keep_state(self, path, body):
        if self.command == "POST":
            STATE[path] = body
        there = STATE.get(path) if self.command == "GET" else b""
        return self.answer(404, b"") if there is None else self.answer(200, there, "application/json")

    def forward(self, body):
        server = HTTPConnection(SERVER.netloc, timeout=120)
        server.request(self.command, self.path, body, dict(self.headers) | {"Host": SERVER.netloc})
        there = server.getresponse()
        kind, challenge = there.headers["Content-Type"], there.headers["WWW-Authenticate"]
        self.answer(there.status, there.read(), kind or "text/plain", challenge)

    def answer(self, status, body, kind="text/plain", challenge=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def content_type(path):
    if path.startswith("/pypi/simple"):
        return "text/html"
    return "text/xml" if path == "/aws" else "application/octet-stream"


class Registry(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # clients close connections that they need no more
            super().handle_error(*_)


registry = Registry(("127.0.0.1", 0), Handler)
SCHEME = "http"
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    registry.socket = context.wrap_socket(registry.socket, server_side=True)
    SCHEME = "https"
URL = f"{SCHEME}://127.0.0.1:{registry.server_port}"
print(URL, flush=True)
registry.serve_forever()
