#!/bin/bash
# The include table holds, and the tool that says so finds a fault when there is one.
set -euo pipefail
python3 tools/check_includes.py

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{base,smtp,store}
echo '#include "smtp/grammar.h"' >"$tree/base/value.h"
echo '#include "store/store.h"' >"$tree/smtp/grammar.h"
echo '#include <toml++/toml.h>' >"$tree/store/store.cc"
echo '#include <string>' >"$tree/store/fine.cc"
if found=$(python3 tools/check_includes.py "$tree"); then
    echo "three planted faults were not found" >&2
    exit 1
fi
for fault in src/base/value.h:1 src/smtp/grammar.h:1 src/store/store.cc:1; do
    grep -q "^$fault: " <<<"$found" || { echo "not found: $fault in: $found" >&2 && exit 1; }
done
[ "$(wc -l <<<"$found")" -eq 3 ] || { echo "too much found: $found" >&2 && exit 1; }
