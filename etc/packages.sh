# shellcheck shell=bash disable=SC2034
# For etc/run and tests/run: sees to it that what they need is there. Sourced; bash.
#
# A need is "PROBE PACKAGE": what must be found, and the Debian package that brings it. Probes look at what is on the
# machine, not at the list of packages, so that a program from elsewhere is good, too.
#   cmd:NAME  a program      pc:NAME  a library of pkg-config    header:NAME  a header that cc finds
#   evlib:NAME  an event library of libwebsockets              fuzz:cc      a clang with libFuzzer

say() { printf '%s\n' "== $*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

found() {
  case $1 in
    cmd:*) command -v "${1#*:}" >/dev/null ;;
    pc:*) pkg-config --exists "${1#*:}" 2>/dev/null ;;
    header:*) printf '#include <%s>\n' "${1#*:}" | cc -E - >/dev/null 2>&1 ;;
    evlib:*) [ -e "$(pkg-config --variable=libdir libwebsockets 2>/dev/null)/libwebsockets-evlib_${1#*:}.so" ] ;;
    fuzz:*) echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
      clang -x c -fsanitize=fuzzer,address - -o /dev/null 2>/dev/null ;;
    *) die "no such probe: $1" ;;
  esac
}

# missing NEED...: the packages of those that are not found, a line each.
missing() {
  local need
  for need in "$@"; do
    found "${need% *}" || printf '%s\n' "${need#* }"
  done | sort -u
}

# apt_install PACKAGE...: through apt, as root or with a sudo that asks nothing.
apt_install() {
  local as=()
  if [ "$(id -u)" -ne 0 ]; then
    as=(sudo -n)
    sudo -n true 2>/dev/null || die "Not root, and sudo would ask for a password. Install by hand: apt-get install $*"
  fi
  command -v apt-get >/dev/null || die "There is no apt-get here. Install by hand what Debian calls: $*"
  say "installing $*"
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=5 update -q </dev/null
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=5 install -q -y --no-install-recommends "$@" </dev/null
}

# ensure NEED...: installs what is not found, and ends the script where it is not found even then.
ensure() {
  local packages
  mapfile -t packages < <(missing "$@")
  [ ${#packages[@]} -gt 0 ] || return 0
  apt_install "${packages[@]}"
  mapfile -t packages < <(missing "$@")
  [ ${#packages[@]} -eq 0 ] || die "Installed, but not found: ${packages[*]}"
}

BUILD_NEEDS=(
  "cmd:cc build-essential"
  "cmd:cmake cmake"
  "cmd:ninja ninja-build"
  "cmd:pkg-config pkg-config"
  "pc:libwebsockets libwebsockets-dev"
  "evlib:uv libwebsockets-evlib-uv"
  "pc:libuv libuv1-dev"
  "pc:luajit libluajit-5.1-dev"
  "pc:openssl libssl-dev"
  "pc:jansson libjansson-dev"
  "pc:libcbor libcbor-dev"
  "header:uthash.h uthash-dev"
  "pc:sqlite3 libsqlite3-dev"
  "header:xxhash.h libxxhash-dev"
  "pc:libqrencode libqrencode-dev"
  "pc:zlib zlib1g-dev"
)

# build FOLDER CMAKE_OPTION...: configures once and builds, out of the way unless it fails.
build() {
  local folder=$1
  shift
  say "building ${folder#"$ROOT"/}"
  mkdir -p "$folder"
  if ! { cmake -S "$ROOT" -B "$folder" -G Ninja "$@" && ninja -C "$folder" && ninja -C "$folder" -t cleandead; } \
    >"$folder/build.log" 2>&1; then # cleandead: programs whose source has gone
    grep -E -A5 'error|FAILED|Error' "$folder/build.log" | head -60 >&2 || true
    printf '%s\n' "The build failed; all of it is in $folder/build.log" >&2
    return 1
  fi
}
