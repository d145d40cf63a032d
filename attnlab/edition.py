"""Which edition of attnlab this is, as the installed package says."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("attnlab")
except PackageNotFoundError:
    VERSION = "(not installed)"
