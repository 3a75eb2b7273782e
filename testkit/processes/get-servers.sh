#!/bin/sh
# Puts servers for the tests into the folder $1: links to those on PATH, or the packages of a Debian-like system,
# unpacked. Nothing is installed, and no root is needed. $2: which tests need them, $3: the programs, $4: their packages.
set -eu
. "$(dirname "$0")/skip.sh"
PATH="$PATH:/usr/sbin:/sbin"
target=$1 what=$2 programs=$3 packages=$4
mkdir -p "$target"
target=$(cd "$target" && pwd)

missing() { skip "the tests of $what ($1); install $packages"; }

on_path() { for name in $programs; do command -v "$name" >/dev/null || return 1; done; }
if on_path; then
  for name in $programs; do ln -sf "$(command -v "$name")" "$target/$name"; done
  exit 0
fi

command -v apt-get >/dev/null && command -v dpkg >/dev/null || missing "not on PATH, and no apt-get"
echo "getting $packages for the tests"
work="$target/packages"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" && cd "$work"

# Lists of its own where those of the system are not there: refreshing the latter would need root.
lists=""
apt() { apt-get -qq -o APT::Sandbox::User= -o Debug::NoLocking=1 $lists "$@" 2>/dev/null; }
wanted() { apt --print-uris --no-install-recommends install $packages | sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p"; }
download() { needed=$(wanted) && [ -n "$needed" ] && apt download $needed >/dev/null; }
if ! download; then
  lists="-o Dir::State::Lists=$work/lists -o Dir::Cache=$work/cache"
  apt update >/dev/null && download || missing "its packages cannot be downloaded"
fi
for package in *.deb; do dpkg -x "$package" "$work"; done
rm -f ./*.deb
folders=$(find "$work/usr/lib" "$work/lib" -name '*.so*' -exec dirname {} \; 2>/dev/null | sort -u | tr '\n' ':')
for name in $programs; do
  program=$(find "$work/usr/bin" "$work/usr/sbin" -name "$name" 2>/dev/null | head -1)
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s${LD_LIBRARY_PATH:-}" exec "%s" "$@"\n' "$folders" "$program" >"$target/$name"
  chmod +x "$target/$name"
  if ! "$target/$name" --version >/dev/null 2>&1; then
    for other in $programs; do rm -f "$target/$other"; done
    missing "the packaged $name does not start here"
  fi
done
