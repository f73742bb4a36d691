"""Every file and folder of ours on the VPN host."""

AGENT = "/usr/local/lib/labvpn/agent"
UNIT_FILE = "/etc/systemd/system/{}.service"

HOME = "/var/lib/labvpn"
"""The agent's state, readable by root alone."""

RUN = "/run/labvpn"
"""State that lasts until the next boot; it is in memory, so a full disk cannot get in its way."""

BACKUPS = "/var/backups/labvpn"
"""Outside of HOME, which is deleted with the stack: a backup stays."""

KEPT_PASSWORD = HOME + "/administrator"
BROUGHT = HOME + "/host.packages.json"
KEPT_ARCHIVE = HOME + "/archive.tar.gz"
CRASHES = HOME + "/crashes.json"

REAPER_ORDERS = HOME + "/reaper.json"
"""The session reaper's rules and the hubs' passwords."""

LOG_ORDERS = HOME + "/logs.json"
"""How long the log keeper keeps logs."""

LOCKOUTS = HOME + "/held.json"
"""The locked out users, by hub."""

BAN_ORDERS = HOME + "/bans.json"
"""The login guard's rules."""

BAN_LIST = HOME + "/barred.json"
"""The banned sources, each with its end in seconds since 1970 and its failed logins; it outlasts a boot."""

BAN_LIST_NOW = RUN + "/barred.json"
"""The same in memory: it is written before a rule changes, and a full disk cannot get in its way."""

GUARD_HEALTH = RUN + "/guard.json"
"""What kept the login guard from working in its last round; the file is as old as that round."""

ACME_ORDERS = HOME + "/acme.json"
"""Which authority signs the server's certificate for which names, and how it is convinced."""

ACME_KEY = HOME + "/acme.tsig"
"""The key of the name server that may change the challenge's record alone, in BIND's form."""

ACME_REPORT = HOME + "/acme.report.json"
"""When the certificate was renewed, when it will be, and what failed."""

ACME_RECORDS = HOME + "/acme.records.json"
"""The challenges that are in the zone now: written before they are, so that none is ever left there."""

ACME_CURRENT = HOME + "/acme.pem"
"""The key of the certificate, the certificate, and its chain."""

ACME_NEXT = HOME + "/acme.next.pem"
"""The same, while it is looked at for the first time."""

ACME_UPDATE = HOME + "/acme.update"
"""What nsupdate is told to do; there is no secret in it."""

ACME_CLIENT = HOME + "/acme"
"""The client's own folder: the accounts' keys, and what it is about to fetch."""

ACME_HOOK = "/usr/local/lib/labvpn/challenge"
"""The program that the client asks to meet a challenge; it goes with the agent."""

CODES = "/var/lib/labvpn-codes"
"""The code verifier's folder, with FreeRADIUS's settings and the accounts; outside HOME, since it is not root's."""

CODES_RUN = "/run/labvpn-codes"
"""What keeps the verifier from working, until the next boot."""

SYSLOG_SET = RUN + "/syslog"
"""The start of the server since which its syslog target was set."""

SSH_OPENED = HOME + "/firewall.ssh.json"
"""What we added so that SSH stays open on a host whose firewalld did not run."""

SAVED = HOME + "/firewall.saved"
RETURNED = HOME + "/firewall.returned"
RULES_FILE = "/run/labvpn-rules"
