"""What a person waits for, measured: `python -m tests.benchmarks`."""
