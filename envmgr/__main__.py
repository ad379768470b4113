"""`python -m envmgr` and the `envmgr` command."""

from envmgr.cli import main

if __name__ == "__main__":
    main()
