#!/usr/bin/env bash
# Terraform keeps its state at the registry, by the http backend.
# shellcheck source-path=SCRIPTDIR source=../clients/support.sh
. "${root:?}/tests/recipes/clients/support.sh"
needs_at_hand terraform

use_client() {
    cat >main.tf <<END
terraform {
  backend "http" {
    address = "$REGISTRY/terraform/$RANDOM"
  }
}
resource "terraform_data" "one" {}
END
    "$recipes/terraform.sh" "$REGISTRY" init -input=false -no-color
    "$recipes/terraform.sh" "$REGISTRY" apply -input=false -auto-approve -no-color
}
export recipes

version=$(terraform version -json 2>/dev/null | jq --raw-output .terraform_version)
measure Terraform "$version" 'exec --env' 1 'POST /terraform'
