"""Faults, injected for real: a full disk is a full disk, a kill is a kill of the real program.

Each test of the catalogue says by `catalogue.fault` which fault it is, how that is injected and
what has to hold; the README's table is made of this (`python -m tests.faults`). What takes long is
marked so: `pytest -m long -n auto` runs it.
"""
