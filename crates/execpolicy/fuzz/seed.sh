#!/bin/sh
# Makes a corpus for the fuzzer from the command lines of the tests.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/verdict corpus/rules
cp ../src/builtin.toml corpus/rules/
python3 - <<'PY'
import hashlib, json
for row in map(json.loads, open("../tests/data/policy-corpus.jsonl")):
    kind = {"powershell": b"\0", "cmd": b"\1"}.get(row.get("shell"), b"\2")
    text = kind + row["cmd"].encode()
    open("corpus/verdict/" + hashlib.sha1(text).hexdigest(), "wb").write(text)
PY
