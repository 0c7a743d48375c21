# What the scripts share: messages, packages, builds. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

# Where the tree is, whatever the working directory was; every script works from there.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$TOP"

# ccache wants a home even where there is none, as in some CI.
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
JOBS=${STAFFETTA_JOBS:-$(nproc)}

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root, and sudo is not installed: run as root: $*"
    fi
}

# Three tries with a pause: mirrors are at times busy.
retry() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        say "failed (try $attempt of 3): $*"
        sleep $((attempt * 5))
    done
    return 1
}

# packages_of GROUP...: the names that scripts/packages.txt lists for them.
packages_of() {
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group { print $2 }' scripts/packages.txt
    done
}

# Runs a command while Debian starts no service that it installs: the mail servers among our packages are
# here as programs, and nobody asked for one on port 25.
without_services() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    "$@" || status=$?
    as_root rm -f "$policy"
    return "$status"
}

# need_packages GROUP...: installs those that are missing; says nothing when none is.
need_packages() {
    local wanted missing
    mapfile -t wanted < <(packages_of "$@")
    mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null |
            sed -n 's/^ii //p' | sort -u))
    [ "${#missing[@]}" -eq 0 ] && return 0
    say "installing ${#missing[@]} packages: ${missing[*]}"
    retry as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 ||
        die "apt-get update failed: is the network up and /etc/apt/sources.list right?"
    without_services retry as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" >&2 </dev/null ||
        die "apt-get could not install: ${missing[*]} (staffetta wants Debian 12)"
}

# build PRESET [TARGET...]: configures once and builds; quick when nothing changed. CI compiles each file by itself:
# so its includes are honest, and ccache has what the clone before it compiled.
build() {
    local preset=$1 log=build/$1.configure.log
    shift
    mkdir -p build
    if [ ! -f "build/$preset/build.ninja" ]; then
        say "configuring build/$preset"
        cmake --preset "$preset" ${CI:+-DSTAFFETTA_PRECOMPILE=OFF} >"$log" 2>&1 || {
            tail -n 40 "$log" >&2
            rm -f "build/$preset/build.ninja"
            die "configuring failed (all of it: $log)"
        }
    fi
    say "building build/$preset${1:+: $*}"
    NINJA_STATUS='[%f/%t %es] ' ninja -C "build/$preset" -j "$JOBS" "$@" >&2
}

# need_exim: Exim as a peer in build/peers/exim4. Debian lets a machine have one mail server installed, and that
# is Postfix here; so the package is unpacked, and its user made, as its own installation would.
need_exim() {
    local folder=build/peers/exim4
    [ -x "$folder/usr/sbin/exim4" ] && id Debian-exim >/dev/null 2>&1 && return 0
    say "unpacking exim4-daemon-light into $folder"
    mkdir -p "$folder"
    (cd "$folder" && retry apt-get download -q exim4-daemon-light >&2) ||
        die "apt-get could not download exim4-daemon-light"
    dpkg-deb -x "$folder"/exim4-daemon-light_*.deb "$folder"
    # It is started by root and becomes its user by itself; a setuid program is no thing to leave about.
    chmod u-s "$folder/usr/sbin/exim4"
    id Debian-exim >/dev/null 2>&1 ||
        as_root useradd --system --home-dir /var/spool/exim4 --no-create-home --shell /usr/sbin/nologin Debian-exim
}
