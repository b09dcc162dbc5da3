"""Reads the safetensors files of a folder and writes them again. The Go test TestPython gives it files of its own:

    pip install safetensors numpy
    MLP_PYTHON=python3 go test -run '^TestPython$' .
"""

import glob
import os
import sys

from safetensors import safe_open
from safetensors.numpy import save_file

for path in glob.glob(os.path.join(sys.argv[1], "*.safetensors")):
    with safe_open(path, "np") as f:
        tensors = {name: f.get_tensor(name) for name in f.keys()}
        metadata = f.metadata()
    save_file(tensors, path, metadata)
