"""The long tests of `make soak`: what tries hard to break the promises of the stack."""
