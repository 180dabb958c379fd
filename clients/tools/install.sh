# Sourced by ./check and examples/run in the folder clients: installs the packages that the work here needs.

# What is installed is kept until the lock file changes.
install_workspace() {
  cmp -s package-lock.json node_modules/.installed-lock && return
  npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed-lock
}
