#!/bin/sh
# Makes environments of Python in the folder $1, one for each `name:package,package` that follows. Nothing else is installed.
# Without a Python of 3.11 or later, or a package index, the tests that need them are skipped by name.
set -eu
. "$(dirname "$0")/skip.sh"
target=$1
shift

missing() { skip "the tests with clients and servers in Python ($1)"; }

python=$(command -v python3) || missing "there is no python3 on PATH"
"$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  missing "python3 is older than 3.11, or has no venv"

for environment in "$@"; do
  name=${environment%%:*}
  packages=$(echo "${environment#*:}" | tr ',' ' ')
  folder="$target/$name"
  [ ! -e "$folder/ready" ] || continue
  echo "getting $packages for the tests"
  rm -rf "$folder"
  mkdir -p "$target"
  "$python" -m venv "$folder" || missing "no environment can be made"
  "$folder/bin/pip" install --quiet --disable-pip-version-check $packages ||
    missing "$packages cannot be installed"
  touch "$folder/ready"
done
touch "$target/ready"
