# Sourced by ./start, ./check, console/build and clients/examples/run: finds or installs a Node that Vite and Rolldown run on. `root` is the folder of the clone.

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

# 20.19 and later of 20, 22.12 or later: `engines` of Vite.
node_is_recent() {
  local major minor
  IFS=. read -r major minor _ < <(node --version 2>/dev/null)
  major=${major#v}
  ((${major:-0} > 22 || (${major:-0} == 22 && minor >= 12) || (${major:-0} == 20 && minor >= 19)))
}
