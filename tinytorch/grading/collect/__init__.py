"""Collects submissions as people and platforms hand them over: reads archives, finds owners, files notebooks."""
