"""A stand-in for the Pulumi plugin `command`: remote commands and copies over real SSH connections."""
