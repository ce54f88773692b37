"""`python -m tests.faults` prints the README's table of faults."""

from __future__ import annotations

from tests.faults.catalogue import table

if __name__ == "__main__":
    print("\n".join(table()))
