"""What a machine shows now: from its answer to values of the model's shape."""
