"""TensorRT: one builder and one plan cache for both flavours, the data centre's and the players' cards'."""
