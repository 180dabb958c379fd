# Finds a node and installs the packages of the end-to-end tests. Sourced in this folder by the scripts that need them; sets `node`.
root=$(cd ../.. && pwd)

recent() { [ -x "$1" ] && [ "$("$1" -p 'Number(process.versions.node.split(".")[0]) >= 20' 2>/dev/null)" = true ]; }

node=
for candidate in "${NODE:-}" "$(command -v node || true)" "$root"/.cache/node*/bin/node; do
  if [ -n "$candidate" ] && recent "$candidate"; then node=$candidate; break; fi
done
if [ -z "$node" ]; then
  echo "node 20 or later is needed; set NODE to one" >&2
  exit 1
fi
PATH=$(dirname "$node"):$PATH

# what is installed is kept until the lock file changes
if ! cmp -s package-lock.json node_modules/.installed-lock; then
  npm ci --no-audit --no-fund --loglevel=error
  cp package-lock.json node_modules/.installed-lock
fi
