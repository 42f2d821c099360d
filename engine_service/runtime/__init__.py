"""WHERE velocity is computed: one graph, several runtimes."""

import sys

# OpenVINO's converter reports its use over the network unless this package is missing; an engine phones nobody.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
