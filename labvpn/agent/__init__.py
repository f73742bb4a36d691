"""What runs on the VPN host: it shows the machine as a document, makes it as desired, and takes back what is ours.

Python 3.6 syntax and the standard library only, since the oldest host it serves has nothing newer. `bundle` makes one
program of the modules, which is what a host is sent.
"""
