"""TinyTorch: modules of lessons, the package they export, and the tools around them."""

__version__ = "0.1.0"
