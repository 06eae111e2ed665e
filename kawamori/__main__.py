"""`python -m kawamori` is the command line."""

from kawamori.cli import main

main()
