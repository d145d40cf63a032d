"""From a command line to cells, records and pages: all that knows Hydra."""
