#!/bin/bash
# The loops of mime that use vector instructions, on processors that this machine is not: AArch64 with NEON,
# and x86-64 without AVX2 and without SSSE3. The fuzz targets that hold them to the plain loops are cross
# compiled, and run by QEMU over their corpora and over a few hundred generated inputs. Passed over where the
# packages of the group `cross` (scripts/packages.txt) are not installed.
set -euo pipefail
clang="clang++-16"
for program in qemu-aarch64-static qemu-x86_64-static aarch64-linux-gnu-ld "$clang"; do
    command -v "$program" >/dev/null || { echo "skipped: no $program" && exit 77; }
done
[ -d /usr/aarch64-linux-gnu/include/c++ ] || { echo "skipped: no C++ library for AArch64" && exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/inputs"
python3 - "$work/inputs" <<'PYTHON'
import base64, pathlib, random, sys
folder, rng = pathlib.Path(sys.argv[1]), random.Random(2045)
palettes = [bytes(range(256)), b"-\r\n\0ab\xff", b"=\r\n 0aF.From", b"Zm9v=\r\n+/"]
for number in range(400):
    kind, size = number % 6, rng.randrange(700)
    if kind < 4:
        octets = bytes(rng.choice(palettes[kind]) for _ in range(size))
    else:  # lines of base64, whole and damaged in one place
        octets = bytearray(base64.encodebytes(rng.randbytes(size)).replace(b"\n", rng.choice([b"\n", b"\r\n"])))
        if kind == 5 and octets:
            octets[rng.randrange(len(octets))] = rng.randrange(256)
    (folder / str(number)).write_bytes(bytes([rng.randrange(256)]) + octets)
PYTHON

sources=(fuzz/replay_main.cc src/base/{ascii,check}.cc
    src/mime/{base64_avx2,base64_avx512,base64_codec,base64_octets16,lexer,line_scan,quoted_printable,transfer,uuencode}.cc)
# build NAME OPTION...: the programs $work/NAME-transfer and $work/NAME-line_scan.
build() {
    local name=$1 target
    shift
    mkdir "$work/$name"
    local compile=("$clang" -std=c++2b -O1 -Wall -Wextra -Werror -DFMT_HEADER_ONLY -Isrc "$@")
    for source in "${sources[@]}" fuzz/mime_{transfer,line_scan}_fuzz.cc; do
        "${compile[@]}" -c "$source" -o "$work/$name/$(basename "$source").o"
    done
    for target in transfer line_scan; do
        mv "$work/$name/mime_${target}_fuzz.cc.o" "$work/$name.o"
        "${compile[@]}" -static "$work/$name.o" "$work/$name"/[!m]*.o -o "$work/$name-$target"
    done
}
build arm --target=aarch64-linux-gnu
build x86
for target in transfer line_scan; do
    inputs=("fuzz/corpus/mime_$target" "$work/inputs")
    qemu-aarch64-static "$work/arm-$target" "${inputs[@]}"
    for processor in Haswell Nehalem core2duo qemu64,-ssse3,-sse4.1; do
        qemu-x86_64-static -cpu "$processor" "$work/x86-$target" "${inputs[@]}" 2>/dev/null
    done
done
