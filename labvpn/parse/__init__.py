"""From a machine's answer to values of the model's shape."""
