"""`python -m tinytorch.tito`: the command line without its console script."""

from tinytorch.tito.app import main

main()
