"""The StreamDiT engine: worlds generated live, 16 frames a second, behind one gRPC stream per player."""

__version__ = "0.1.0"
API_VERSION = 1
