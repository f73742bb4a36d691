"""Encoders and decoders of the dial's protocols: bytes in, values out, no sockets; hostile bytes are never an error."""
