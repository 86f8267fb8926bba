#!/usr/bin/env bash
# Go asks by GOAUTH, which it does for https only.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
hides=true
needs_pinned go
needs openssl

use_client() {
    mkdir -p .config/go
    here go.env .config/go/env
    printf 'module app\n\ngo 1.24\n' >go.mod
    printf 'package app\n\nimport _ "example.com/first"\n' >app.go
    # shellcheck disable=SC2086 # it is a command of several words, or nothing
    GOTOOLCHAIN=local GOFLAGS=-modcacherw $ask_first go get example.com/first
}

start_server
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
export SSL_CERT_FILE=$scratch/cert.pem
start_registry "$scratch/cert.pem" "$scratch/key.pem"
log_in_at_registry --ca-file "$scratch/cert.pem"
measure Go "$(go version | sed 's/go version go\([0-9.]*\).*/\1/')" GOAUTH 1 'GET /go/example.com/second/@v/v1.0.0.zip'
