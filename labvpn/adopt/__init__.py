"""Adopts a lab that was made by hand: reads it as it is and writes it as the configuration of a stack."""
