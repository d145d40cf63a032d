"""`python -m attnlab`: the console application."""

from attnlab.app import main

main()
