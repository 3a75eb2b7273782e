#!/bin/sh
# Puts the kinds that the components can make beside Kubernetes' own into the folder $1, and prints the files:
# definitions as their projects publish them in Go modules, which go checks against its checksum database.
# What is there already is not fetched again.
set -eu
mkdir -p "$1"
target=$(cd "$1" && pwd)
cd "$target"

definition() { # MODULE VERSION FILE
  file="$target/$(basename "$3" .yaml)-$2.yaml"
  if [ ! -e "$file" ]; then
    command -v go >/dev/null || { echo "definitions of custom resources: go is not on PATH to fetch $1" >&2; exit 1; }
    answer=$(GOFLAGS='' go mod download -json "$1@$2" 2>&1) || true
    folder=$(printf '%s\n' "$answer" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",$/\1/p')
    [ -n "$folder" ] || { echo "definitions of custom resources: $answer" >&2; exit 1; }
    cp "$folder/$3" "$file.$$" && mv "$file.$$" "$file"
  fi
  echo "$file"
}

definition sigs.k8s.io/gateway-api v1.4.1 \
  config/crd/standard/gateway.networking.k8s.io_httproutes.yaml
definition github.com/prometheus-operator/prometheus-operator v0.85.0 \
  example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml
definition github.com/prometheus-operator/prometheus-operator v0.85.0 \
  example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml
definition github.com/cert-manager/cert-manager v1.21.2 \
  deploy/crds/cert-manager.io_certificates.yaml
