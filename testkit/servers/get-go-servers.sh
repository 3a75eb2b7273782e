#!/bin/sh
# Builds the MCP servers in go/ into the folder $1. Go comes from PATH, or from PyPI; their modules from the Go proxy.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../processes/skip.sh"
. "$here/../processes/go.sh"
mkdir -p "$1"
target=$(cd "$1" && pwd)

# Also where everything else is required: nobody has to install a language for two servers.
missing() {
  FLEET_REQUIRE_ALL=0
  skip "the tests with servers in Go ($1)"
}
go_program "$target" || missing "there is no Go, on PATH or from PyPI"
echo "building the servers in Go for the tests"
CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS=-mod=readonly go build -C "$here/go" -trimpath -ldflags "-s -w" -o "$target/" \
  ./go-sdk ./mcp-go >"$target/build.log" 2>&1 || missing "building them failed: $(tail -1 "$target/build.log")"
touch "$target/ready"
