"""From desired and actual to what would change, in words."""
