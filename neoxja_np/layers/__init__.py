"""The model's layers: one idea a file, pure functions over arrays, forward only."""
