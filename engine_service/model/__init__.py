"""WHAT is computed: tensors only - no clock, no network, no files."""
