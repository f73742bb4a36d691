"""What each VPN protocol is asked first, and how its answer is recognised: bytes in, bytes out, no sockets."""
