#!/bin/sh
# Puts a Pulumi engine for the tests into the folder $1: pulumi, its language hosts and its providers, and parts.json,
# which says of each part whether it is the vendor's ("vendor"), built from the vendor's source ("built"), one of this
# folder's ("stand-in"), or "missing". The vendor's come from PATH, else from the vendor's installer; where neither can
# be had, the CLI and its YAML host are built from Go modules, once, into a cache outside this tree. Nothing is
# installed, and no root is needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../processes/skip.sh"
. "$here/../processes/go.sh"
mkdir -p "$1"
target=$(cd "$1" && pwd)
packages="$here/../../node_modules/@pulumi"

version=$(sed -n 's|.*github.com/pulumi/pulumi/pkg/v3 v||p' "$here/toolchain/go.mod" | head -1)
cache="${FLEET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mcp-fleet}/pulumi-$version"

missing() {
  rm -f "$target/pulumi"
  skip "the tests with a real Pulumi engine ($1)"
}
link() { ln -sf "$1" "$target/$(basename "$1")"; }

# The CLI. Its language hosts lie beside it.
vendor_on_path() {
  on_path pulumi && on_path pulumi-language-nodejs || return 1
  for name in pulumi pulumi-language-nodejs pulumi-language-yaml pulumi-language-python pulumi-language-python-exec pulumi-language-go; do
    on_path "$name" && link "$(command -v "$name")"
  done
  return 0
}
vendor_installer() {
  if [ ! -x "$cache/vendor/bin/pulumi" ]; then
    on_path curl && curl -fsSL --connect-timeout 3 --max-time 20 https://get.pulumi.com -o "$target/install.sh" 2>/dev/null || return 1
    echo "getting Pulumi $version from its vendor"
    sh "$target/install.sh" --version "$version" --install-root "$cache/vendor" --no-edit-path >"$target/install.log" 2>&1 || return 1
  fi
  for program in "$cache"/vendor/bin/*; do link "$program"; done
}
build() { # the program $1 of the Go package $2, whose version is the variable $3=$4
  [ -x "$cache/$1" ] && return
  CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS=-mod=readonly go build -C "$here/toolchain" -trimpath \
    -ldflags "-s -w -X $3=$4" -o "$cache/$1.$$" "$2" && mv "$cache/$1.$$" "$cache/$1"
}
go_modules() {
  mkdir -p "$cache"
  if ! [ -x "$cache/pulumi" ] || ! [ -x "$cache/pulumi-language-yaml" ] || ! [ -x "$cache/pulumi-language-go" ]; then
    go_program "$cache" || missing "no pulumi on PATH, its vendor's installer does not answer, and there is no Go to build it with, on PATH or from PyPI"
    echo "building Pulumi $version from Go modules: some minutes the first time, kept in $cache"
    yaml=$(sed -n 's|.*github.com/pulumi/pulumi-yaml v||p' "$here/toolchain/go.mod" | head -1)
    { build pulumi github.com/pulumi/pulumi/pkg/v3/cmd/pulumi \
      github.com/pulumi/pulumi/sdk/v3/go/common/version.Version "v$version" &&
      build pulumi-language-yaml github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml \
        github.com/pulumi/pulumi-yaml/pkg/version.Version "v$yaml" &&
      build pulumi-language-go ./pulumi-language-go main.version "v$version"; } >"$cache/build.log" 2>&1 ||
      missing "building it from Go modules failed: $(tail -1 "$cache/build.log")"
  fi
  link "$cache/pulumi" && link "$cache/pulumi-language-yaml" && link "$cache/pulumi-language-go"
}

# A part of our own: the same name, run by the Node that runs this.
stand_in() { # the plugin $1 is the file $2
  rm -f "$target/$1"
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$(command -v node)" "$here/$2" >"$target/$1"
  chmod +x "$target/$1"
}
provider() { # kubernetes or random: from PATH, else as the vendor's CLI downloads it, else the file $2
  plugin="pulumi-resource-$1"
  if on_path "$plugin"; then
    link "$(command -v "$plugin")" && echo vendor && return
  fi
  if [ "$cli" = vendor ]; then
    wanted=$(node -p "require('$packages/$1/package.json').version")
    if PULUMI_HOME="$cache/home" PULUMI_SKIP_UPDATE_CHECK=true \
      "$target/pulumi" plugin install resource "$1" "$wanted" >>"$target/install.log" 2>&1; then
      link "$cache/home/plugins/resource-$1-v$wanted/$plugin" && echo vendor && return
    fi
  fi
  stand_in "$plugin" "$2" && echo stand-in
}

rm -f "$target"/pulumi* "$target/parts.json"
if vendor_on_path || vendor_installer; then
  cli=vendor nodejs=vendor
else
  go_modules
  cli=built nodejs=stand-in
  stand_in pulumi-language-nodejs language-host.ts
fi
[ -e "$target/pulumi-language-yaml" ] && yaml=$cli || yaml=missing
if ! [ -e "$target/pulumi-language-python" ] && on_path pulumi-language-python; then
  link "$(command -v pulumi-language-python)"
fi
[ -e "$target/pulumi-language-python" ] && python=vendor || python=missing
kubernetes=$(provider kubernetes kubernetes-provider.ts)
random=$(provider random random-provider.ts)

"$target/pulumi" version >/dev/null 2>&1 || missing "$target/pulumi does not start here"
cat >"$target/parts.json" <<END
{
  "cli": "$cli",
  "nodejs host": "$nodejs",
  "yaml host": "$yaml",
  "python host": "$python",
  "kubernetes provider": "$kubernetes",
  "random provider": "$random"
}
END
