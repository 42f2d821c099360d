"""WHO is served: the wire, the worker, the metrics."""
