#!/usr/bin/env bash
# Numba 0.68.1: machine code cached beside a module is not read where that folder can't be written to.
#
# The guess: an administrator installs a package with `@njit(cache=True)` functions, calls each once, and makes the
# installation read-only; every user then loads the machine code that lies in the package's __pycache__.
# What happens: Numba looks for a cache folder by writing a temporary file into it. The package's __pycache__ fails that
# test, so the compiled code in it is never looked at, and each user compiles everything into a cache in their own home;
# in a container without a writable home, a decorated function is an error when the module is imported.
# Seen, with numba 0.68.1, line by line as this script prints and checks it:
#   installer, first call "hits 0, misses 1"; installer again "hits 1, misses 0"; a user of the read-only package
#   "hits 0, misses 1" (the guess: hits 1); the same user again "hits 1, misses 0"; a user without a writable home
#   "RuntimeError: cannot cache function" at import (the guess: hits 1).
# Uses no code of this project. Measured by Numba's own counters (`stats.cache_hits`, `stats.cache_misses`), not by time.
#
# Needs: Python 3.11 to 3.14, pip and an index of packages. Permissions don't bind root: as root the folders are mounted
# read-only for the reader's process alone (`unshare`, `mount`).
set -euo pipefail
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
chmod 755 "$work"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet numba==0.68.1 2>"$work/pip.log" || { cat "$work/pip.log"; exit 1; }

mkdir "$work/package"
cat > "$work/package/doubled.py" <<'PY'
from numba import njit


@njit(cache=True)
def double(x):
    return x + x
PY
cat > "$work/use.py" <<'PY'
import os
import sys

package, home = sys.argv[1:]
os.environ["HOME"] = home
os.environ.pop("XDG_CACHE_HOME", None)
sys.path.insert(0, package)
try:
    import doubled
except RuntimeError as err:
    print("RuntimeError:", str(err).partition(" '")[0])
else:
    assert doubled.double(21) == 42
    print(f"hits {sum(doubled.double.stats.cache_hits.values())}, misses {sum(doubled.double.stats.cache_misses.values())}")
PY
mkdir "$work/installer" "$work/reader" "$work/nowhere"
use() { env -u NUMBA_CACHE_DIR -u NUMBA_CACHE_LOCATOR_CLASSES "$work/venv/bin/python" -B "$work/use.py" "$@"; }
read_only() { # FOLDER... -- COMMAND: runs it where these folders can't be written to
  local folders=()
  while [ "$1" != -- ]; do folders+=("$1"); shift; done
  shift
  if [ "$(id -u)" = 0 ]; then
    export -f use
    work=$work unshare --mount bash -c 'for folder in $0; do mount --bind "$folder" "$folder"
      mount -o remount,ro,bind "$folder"; done; "$@"' "${folders[*]}" "$@"
  else
    chmod -R a-w "${folders[@]}"
    "$@"
  fi
}
expect() { echo "$1: $2"; [ "$2" = "$3" ] || { echo "expected: $3"; exit 1; }; }

package=$work/package
"$work/venv/bin/python" -c 'import numba; print("numba", numba.__version__)'
expect "installer, first call            " "$(use "$package" "$work/installer")" "hits 0, misses 1"
expect "installer, again                 " "$(use "$package" "$work/installer")" "hits 1, misses 0"
expect "a user of the read-only package  " "$(read_only "$package" -- use "$package" "$work/reader")" "hits 0, misses 1"
expect "the same user, again             " "$(read_only "$package" -- use "$package" "$work/reader")" "hits 1, misses 0"
expect "a user without a writable home   " \
  "$(read_only "$package" "$work/nowhere" -- use "$package" "$work/nowhere")" "RuntimeError: cannot cache function"
echo "As stated: what the installer compiled is not read once the package's folder is read-only."
