#!/usr/bin/env bash
# Ansible asks for each task.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
hides=true
needs_pinned ansible-playbook

use_client() {
    here ansible.yml play.yml
    $ask_first ansible-playbook --inventory localhost, --connection local play.yml
}

measure Ansible "$(ansible-playbook --version | sed -n '1s/.*core \([0-9.]*\).*/\1/p')" pipe 1 'GET /files/second'
