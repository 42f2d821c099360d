"""HOW weights are made: recordings in, safetensors out."""
