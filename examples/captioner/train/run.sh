#!/usr/bin/env bash
# Trains everything again, from nothing to weights/ and golden/: about an hour and a half on one core.
#
#     pip install torch==2.13.0 numpy==2.4.6 safetensors==0.8.0
#     bash examples/captioner/train/run.sh
set -euo pipefail
cd "$(dirname "$0")"
export OMP_WAIT_POLICY=passive
python=${PYTHON:-python3}

"$python" vision.py
for variant in casa ca insertion; do
  "$python" train.py "$variant"
  "$python" evaluate.py "$variant"
done
"$python" export.py
cd ../../.. && npx biome check --write examples/captioner
