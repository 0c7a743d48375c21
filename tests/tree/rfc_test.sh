#!/bin/bash
# Every RFC that the code cites is in docs/protocols/rfc.tsv.
set -euo pipefail
python3 tools/check_rfc.py
