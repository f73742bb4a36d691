"""A small L2TP and PPP client of the tests, in the standard library alone: what phones do inside their IPsec."""
