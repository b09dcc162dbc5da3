"""Compares the ONNX models that package onnx writes with ONNX Runtime.

The Go test TestExportForRuntime writes every architecture, with rows and the outputs of Network.Predict. Each model must
pass onnx.checker with full type and shape inference, take any number of rows, and agree to 1e-5 relative to
max(1, |output|). From the folder onnx/:

    pip install onnx onnxruntime numpy
    python scripts/check_export.py
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

TOLERANCE = 1e-5


def check(path):
    """Returns the largest difference between a model's outputs and those that stand beside it."""
    with open(path[: -len(".onnx")] + ".json", encoding="utf-8") as f:
        want = json.load(f)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert (model.opset_import[0].domain, model.opset_import[0].version) == ("", 17), "opset"
    assert model.ir_version == 8, "IR version"
    metadata = {p.key: json.loads(p.value) for p in model.metadata_props}
    for key in ("feature_names", "class_names", "target_names"):
        assert metadata.get(key) == want[key], key
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (declared,) = session.get_inputs()
    assert declared.shape[0] == "N", "batch dimension"
    x = np.array(want["x"], np.uint32).view(np.float32).reshape(want["rows"], -1)
    y = np.array(want["y"], np.float64).reshape(want["rows"], -1)
    worst = 0.0
    for rows in (want["rows"], 1):
        (got,) = session.run(None, {declared.name: x[:rows]})
        assert got.shape == y[:rows].shape, "shape"
        worst = max(worst, np.max(np.abs(got - y[:rows]) / np.maximum(1, np.abs(y[:rows]))))
    return worst


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["go", "test", "-count=1", "-run=^TestExportForRuntime$", "."],
            env=os.environ | {"MLP_ONNX_EXPORT": folder},
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            check=True,
        )
        paths = sorted(glob.glob(os.path.join(folder, "*.onnx")))
        worst, failed = 0.0, 0
        for path in paths:
            name = os.path.basename(path)
            try:
                difference = check(path)
            except Exception as e:
                print(f"{name}: {type(e).__name__}: {e}")
                failed += 1
                continue
            if not difference <= TOLERANCE:
                print(f"{name}: differs by {difference:.3g}")
                failed += 1
            worst = max(worst, difference)
    print(f"{len(paths) - failed} passed, {failed} failed, largest difference {worst:.3g}")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
