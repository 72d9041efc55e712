#!/bin/sh
# packages.sh [--check] PACKAGE... - the Debian packages that a step needs
#
# Installs those that are missing, as root or through sudo; otherwise, and with
# --check, prints the exact command and fails.
set -eu

check=no
if [ "${1:-}" = --check ]; then
    check=yes
    shift
fi
if ! command -v dpkg-query >/dev/null; then
    echo "not a Debian system: please see that these are installed: $*"
    exit 0
fi
missing=
for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed \
        || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ $check = no ] && [ "$(id -u)" = 0 ]; then
    sudo=
elif [ $check = no ] && sudo -n true 2>/dev/null; then
    sudo=sudo
else
    echo "missing system packages; please run:" >&2
    echo "    sudo apt-get update && sudo $install" >&2
    exit 1
fi
echo "installing system packages:$missing"
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
$sudo apt-get update -qq
$sudo ${sudo:+env DEBIAN_FRONTEND=noninteractive} $install -qq >/dev/null
