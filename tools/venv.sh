#!/bin/sh
# venv.sh DIRECTORY REQUIREMENTS... - an environment with these requirements
#
# Takes the first Python of at least 3.10 that has a shared libpython and its
# headers, BASE_PYTHON first.
set -eu

venv=$1
shift
fit='import os, sys, sysconfig as s
os.path.exists(os.path.join(s.get_path("include"), "Python.h")) or sys.exit(1)
s.get_config_var("Py_ENABLE_SHARED") and sys.version_info >= (3, 10) or sys.exit(1)
import venv, ensurepip'

if [ ! -x "$venv/bin/python" ]; then
    for python in ${BASE_PYTHON:-} /usr/bin/python3 python3; do
        "$python" -c "$fit" 2>/dev/null && break
        python=
    done
    if [ -z "$python" ]; then
        echo "no Python >= 3.10 with a shared libpython, headers and venv;" \
             "please install python3-dev and python3-venv, or set BASE_PYTHON" >&2
        exit 1
    fi
    echo "creating $venv with $python"
    "$python" -m venv "$venv"
fi
for file in "$@"; do
    set -- "$@" -r "$file"
    shift
done
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
