"""The way in for a lab that was made by hand: it is read as it is, and written as the configuration of a stack."""
