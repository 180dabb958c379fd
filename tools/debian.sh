# Sourced by ./start and ./check: installing Debian packages, and being the right user while doing it.
# `root` is the folder of the clone. sudo is used for apt alone.

# Fails, with a sentence, where the packages that we would install do not exist: before apt complains about each of them.
# OS_RELEASE is for tests.
need_debian_12() {
  local purpose=$1 missing=$2 name
  name=$(. "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]] && exit 1
    echo "${PRETTY_NAME:-an unknown system}") || return 0
  echo "This is $name. $purpose is tried on Debian 12 only, whose packages other systems lack or name differently." >&2
  echo "Nothing was installed. Use Debian 12, for example in a container; or install what these packages contain and" >&2
  echo "build with CMake, as CONTRIBUTING.md says: $missing" >&2
  return 1
}

# install_packages <what for> <package>…  Asks apt for what is missing; silent, and without network, when nothing is.
install_packages() {
  local purpose=$1 missing=() name
  shift
  if ! command -v dpkg-query >/dev/null; then
    need_debian_12 "$purpose" "$*" || true  # all of it may be there under other names
    return 0
  fi
  for name in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
  done
  ((${#missing[@]} == 0)) && return 0
  need_debian_12 "$purpose" "${missing[*]}" || return

  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "$purpose needs packages that are not installed. As root, run:" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing for $purpose: ${missing[*]}" >&2
  local status=0
  (without_services apt_install "${missing[@]}") >&2 || status=$?
  ((status == 0)) || echo "The packages could not be installed; apt says why above. Run the command again afterwards." >&2
  return $status
}

apt_install() {
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0)
  "${apt[@]}" update && "${apt[@]}" install -y --no-remove --no-install-recommends "$@" </dev/null
}

# without_services <command>…  What it installs does not start: no database or proxy begins to listen because tests want
# its program. Debian asks the file policy-rc.d. It is removed again however this ends, also by Ctrl-C; one that somebody
# else has put there stays. For a subshell, whose traps it sets. POLICY_RC_D is for tests.
without_services() {
  policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
  local mark='# Written by Togglecast while it installs packages. Remove this file if nothing is being installed.'
  if [[ ! -e $policy ]] || grep -qxF "$mark" "$policy"; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | "${as_root[@]}" install -m 755 /dev/stdin "$policy" || return
  fi
  "$@"
}

# Under sudo, goes on as the user who called it (the script is started again as that user), so that everything
# written from here on belongs to that user.
continue_as_caller() {
  if ((EUID != 0)) || ((${SUDO_UID:-0} == 0)); then return 0; fi
  local entry
  entry=$(getent passwd "$SUDO_UID") || return 0
  local name=${entry%%:*} home
  home=$(cut -d: -f6 <<<"$entry")
  # A clone that root made is not writable for the caller; what we write to in it is.
  install -d -o "$SUDO_UID" -g "$SUDO_GID" "$root/build"
  install -d -m 700 -o "$SUDO_UID" -g "$SUDO_GID" "$root/data"
  exec setpriv --reuid="$SUDO_UID" --regid="$SUDO_GID" --init-groups \
    env -u SUDO_UID -u SUDO_GID -u SUDO_USER -u SUDO_COMMAND HOME="$home" USER="$name" LOGNAME="$name" "$@"
}

# How many compilers at once: one per core, but each may want a gigabyte.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
  echo $((memory < 1 ? 1 : memory < cores ? memory : cores))
}

# Which of the packages that a build may use are installed, in which version.
installed_packages() {
  command -v dpkg-query >/dev/null || return 0
  # dpkg-query fails when it does not know one of them, as on a machine on which only ./start ran.
  { dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' "${togglecast_build_packages[@]}" \
    "${togglecast_fuzz_packages[@]}" "${togglecast_test_packages[@]}" ccache 2>/dev/null || true; } | LC_ALL=C sort
}

# build <preset> <target>…  Configures when needed, then builds. Configuring is needed when there is no build file yet,
# and when the presets, the path of the clone or the installed packages are others than last time.
build() {
  local folder=$root/build/$1 preset=$1 fresh=() packages
  shift
  packages=$(installed_packages)
  # A folder that was configured under another path (the clone was moved) starts afresh.
  if [[ -f $folder/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    fresh=(--fresh)
    rm -f "$folder/build.ninja"
  fi
  if [[ ! -f $folder/build.ninja || $root/CMakePresets.json -nt $folder/build.ninja ]] ||
    [[ $packages != "$(cat "$folder/packages.txt" 2>/dev/null)" ]]; then
    (cd "$root" && cmake --preset "$preset" "${fresh[@]}") || return
    echo "$packages" >"$folder/packages.txt"
  fi
  NINJA_STATUS='[%p  %f of %t  %e s] ' cmake --build "$folder" -j "$(build_jobs)" --target "$@"
}

togglecast_build_packages=(g++ cmake ninja-build pkg-config libboost1.81-dev libboost-json1.81-dev libexpected-dev
  libsodium-dev libsqlite3-dev libpq-dev libhiredis-dev libcurl4-openssl-dev nlohmann-json3-dev libssl-dev
  zlib1g-dev libcli11-dev libtomlplusplus-dev)
togglecast_fuzz_packages=(clang libclang-rt-14-dev)  # the second has libFuzzer, and clang only recommends it
togglecast_test_packages=(libgtest-dev libgmock-dev mold)
togglecast_server_packages=(postgresql pgbouncer redis-server redis-sentinel nginx-light haproxy)  # started by the tests
