"""The SDK's own version and the API it was built for; both travel in `open`."""

VERSION = "0.1.0"
API_VERSION = 1
