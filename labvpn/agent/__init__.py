"""What runs on the VPN host: it shows the machine as a document, makes it as desired, and takes back what is ours.

Python 3.6 syntax and standard library only, since the oldest host it serves has nothing newer. `bundle` joins the
modules into one file; so every module imports from its siblings by name (`from labvpn.agent.document import Line`), and
no name is defined at the top of two modules.
"""
