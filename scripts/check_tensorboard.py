#!/usr/bin/env python3
"""Prints what TensorBoard's own reader finds in the folder that a mlp.TensorBoard callback has written.

    pip install tensorboard
    python scripts/check_tensorboard.py DIR

It exits with 1 if there is no event file, or if a checksum or an event is broken.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
from tensorboard.backend.event_processing import event_accumulator, event_file_loader, plugin_event_multiplexer
from tensorboard.util import tensor_util


def main(folder):
    files = [os.path.join(d, f) for d, _, names in sorted(os.walk(folder)) for f in sorted(names) if "tfevents" in f]
    if not files:
        print(f"{folder}: no event files")
        return 1
    for path in files:
        # The loader stops quietly at a broken record, so the bytes read must be all there are.
        events = list(event_file_loader.RawEventFileLoader(path).Load())
        framed = sum(len(e) + 16 for e in events)
        print(f"{path}: {len(events)} events, {os.path.getsize(path)} bytes")
        if framed != os.path.getsize(path):
            print(f"{path}: only {framed} bytes are whole records")
            return 1
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"scalars": 0, "histograms": 0})
    multiplexer.AddRunsFromDirectory(folder)
    multiplexer.Reload()
    for run, content in sorted(multiplexer.Runs().items()):
        for tag in sorted(content["tensors"]):
            plugin = multiplexer.SummaryMetadata(run, tag).plugin_data.plugin_name
            for event in multiplexer.Tensors(run, tag):
                value = tensor_util.make_ndarray(event.tensor_proto)
                if plugin == "scalars":
                    print(f"{run} {tag} step {event.step}: {value.item():.7g}")
                else:
                    print(f"{run} {tag} step {event.step}: {plugin}, {value[:, 2].sum():g} values in "
                          f"{len(value)} buckets from {value[0, 0]:.7g} to {value[-1, 1]:.7g}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
