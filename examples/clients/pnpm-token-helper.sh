#!/bin/sh
# /usr/local/bin/pnpm-token-helper, for pnpm 10.
exec glauth --quiet token --format bearer https://forge.example.com
