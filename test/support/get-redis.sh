#!/bin/sh
# Puts redis-server, redis-sentinel and redis-cli for the tests into the folder $1: links to those on PATH, or the
# packages of a Debian-like system, unpacked. Nothing is installed, and no root is needed.
set -eu
target=$1
mkdir -p "$target"
target=$(cd "$target" && pwd)

missing() {
  echo "skipped: the tests of the shared session store ($1); install redis-server and redis-sentinel" >&2
  [ "${MCP_FLEET_REQUIRE_ALL:-}" != 1 ] || exit 1
  exit 0
}

if command -v redis-server >/dev/null && command -v redis-sentinel >/dev/null; then
  for name in redis-server redis-sentinel; do ln -sf "$(command -v $name)" "$target/$name"; done
  exit 0
fi

command -v apt-get >/dev/null && command -v dpkg >/dev/null || missing "no Redis on PATH and no apt-get"
echo "getting Redis for the tests"
work="$target/packages"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" && cd "$work"

# Lists of its own where those of the system are not there: refreshing the latter would need root.
apt() { command=$1; shift; "$command" -qq -o APT::Sandbox::User= -o Debug::NoLocking=1 $lists "$@"; }
lists=""
download() { apt apt-get download redis-server redis-sentinel redis-tools >/dev/null 2>&1; }
if ! download; then
  lists="-o Dir::State::Lists=$work/lists -o Dir::Cache=$work/cache"
  apt apt-get update >/dev/null 2>&1 && download || missing "its packages cannot be downloaded"
fi
libraries=$(apt apt-cache depends redis-tools | sed -n 's/^ *Depends: \(lib[a-z0-9.+-]*\)$/\1/p' | grep -v '^libc6$')
for library in $libraries; do apt apt-get download "$library" >/dev/null 2>&1 || true; done
for package in *.deb; do dpkg -x "$package" "$work"; done
folders=$(find "$work/usr/lib" "$work/lib" -name '*.so*' -exec dirname {} \; 2>/dev/null | sort -u | tr '\n' ':')
for name in redis-server redis-sentinel; do
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s${LD_LIBRARY_PATH:-}" exec "%s/usr/bin/%s" "$@"\n' "$folders" "$work" "$name" >"$target/$name"
  chmod +x "$target/$name"
done
if ! "$target/redis-server" --version >/dev/null 2>&1; then
  rm -f "$target/redis-server" "$target/redis-sentinel"
  missing "the packaged Redis does not start here"
fi
rm -f ./*.deb
