# Sourced by ./start, ./check and console/build: finds or installs Node 20 or newer. `root` is the folder of the clone.

# provide_node [<command>…]  Puts a Node that is new enough on the PATH. Debian's own is older, so npm installs one below
# build/tools. The command, if there is one, runs npm.
provide_node() {
  local own=$root/build/tools/node_modules/node/bin
  node_is_recent && return 0
  if ! PATH=$own:$PATH node_is_recent; then
    command -v npm >/dev/null || return
    "$@" npm install --prefix "$root/build/tools" --no-save --no-audit --no-fund --loglevel=error node@22 || return
  fi
  export PATH=$own:$PATH
  node_is_recent
}

node_is_recent() {
  local major
  major=$(node --version 2>/dev/null | sed -nE 's/^v([0-9]+)\..*/\1/p')
  ((${major:-0} >= 20))
}
