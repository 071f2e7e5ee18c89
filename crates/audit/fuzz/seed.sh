#!/bin/sh
# Makes corpora for the fuzzer: the texts of the redaction cases, and a log that this build writes.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/redact corpus/reader corpus/query
python3 - <<'PY'
import hashlib, json
for row in map(json.loads, open("../tests/data/redaction-cases.jsonl")):
    text = row["in"].encode()
    open("corpus/redact/" + hashlib.sha1(text).hexdigest(), "wb").write(text)
PY
folder=$(mktemp -d)
for i in 1 2 3; do
  node ../../../bin/codex.js exec --audit-log "$folder/audit.jsonl" -- true
done
head -c 900 "$folder/audit.jsonl" > corpus/reader/torn
head -n 6 "$folder/audit.jsonl" > corpus/reader/one
cp "$folder/audit.jsonl" corpus/reader/three
rm -r "$folder"
