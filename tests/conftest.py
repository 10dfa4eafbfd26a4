"""Puts this folder on the import path: the tiny courses that several rooms' tests share lie in it."""
