"""A whole L2TP/IPsec dial in user space, as a phone or a computer makes it: no root, no IPsec of the system."""
