"""WHERE velocity is computed: one graph, several runtimes."""
