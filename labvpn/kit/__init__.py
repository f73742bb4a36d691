"""What a user needs to dial in: profiles and a sheet to print, built from the stack's outputs."""
