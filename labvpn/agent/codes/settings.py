"""The code verifier's files: FreeRADIUS's settings and its unit. Nothing of the distribution's own settings is read."""

import re
from typing import NamedTuple, Optional

from labvpn.agent.core.document import yes
from labvpn.agent.core.paths import CODES

TRIES = 6
"""Three codes are good at a time, of the present step and its neighbours, and a name may be typed in two ways."""

SETTINGS = """# Written by labvpn: changes are undone by its next run.
prefix = /usr
raddbdir = {folder}
logdir = {folder}/used
run_dir = {folder}/used
proxy_requests = {proxies}
max_request_time = 20
cleanup_delay = 5
log {{
    destination = stdout
    auth = no
}}
security {{
    reject_delay = 0
    status_server = yes
}}
thread pool {{
    start_servers = 1
    max_servers = 4
    min_spare_servers = 1
    max_spare_servers = 2
}}
client softether {{
    ipaddr = 127.0.0.1
    secret = {secret}
    require_message_authenticator = no
}}
modules {{
    mschap {{
    }}
    always refused {{
        rcode = reject
    }}
    python3 codes {{
        python_path = "{folder}"
        module = labvpn_verifier
        mod_authorize = labvpn_verifier
        func_authorize = authorize
        mod_authenticate = labvpn_verifier
        func_authenticate = authenticate
        mod_post_proxy = labvpn_verifier
        func_post_proxy = post_proxy
        mod_post_auth = labvpn_verifier
        func_post_auth = post_auth
    }}
}}
server labvpn {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        codes {{
            reject = return
        }}
        if (!&control:Proxy-To-Realm) {{
            mschap
        }}
    }}
    authenticate {{
        Auth-Type MS-CHAP {{
{tries}
            if (&request:Tmp-Integer-0) {{
                codes
            }}
            else {{
                refused
            }}
        }}
    }}
    pre-proxy {{
        update proxy-request {{
            &User-Name := &control:Tmp-String-1
            &Message-Authenticator := 0x00
        }}
        if (&control:Tmp-String-0) {{
            update proxy-request {{
                &User-Password := &control:Tmp-String-0
            }}
            update request {{
                &Tmp-Integer-0 := &control:Tmp-Integer-0
            }}
        }}
    }}
    post-proxy {{
        codes
        Post-Proxy-Type Fail-Authentication {{
            update request {{
                &Tmp-String-2 := "%{{home_server:ipaddr}}"
            }}
            codes
        }}
    }}
    post-auth {{
        if (&control:Proxy-To-Realm) {{
            codes
        }}
    }}
}}
"""

# A password of another try, its hash and the answer that was refused would stand in the way of the next one. The step
# that a login may use up stays in the request only where its code was the right one.
TRY = """            if ({before}&control:Tmp-String-0[{number}]) {{
                update control {{
                    &NT-Password !* ANY
                    &LM-Password !* ANY
                    &Cleartext-Password := &control:Tmp-String-0[{number}]
                }}
                update request {{
                    &Tmp-Integer-0 := &control:Tmp-Integer-0[{number}]
                    &MS-CHAP-User-Name := &control:Tmp-String-1[{number}]
                }}
                update reply {{
                    &MS-CHAP-Error !* ANY
                }}
                mschap {{
                    ok = 1
                    reject = 1
                }}
                if (!ok) {{
                    update request {{
                        &Tmp-Integer-0 !* ANY
                    }}
                }}
            }}"""

# SoftEther repeats its question for 15 s. FreeRADIUS passes each on, and takes a server for silent that has not
# answered the last one within the window: it is then asked after the others, and at once where no other is left.
CAMPUS = """proxy server {{
    wake_all_if_all_dead = yes
}}
{servers}
home_server_pool campus {{
    type = fail-over
{members}
}}
realm campus {{
    auth_pool = campus
    nostrip
}}
"""

SERVER = """home_server campus{number} {{
    type = auth
    ipaddr = {address}
    port = {port}
    secret = {secret}
    response_window = 3
    zombie_period = 10
    revive_interval = 300
    status_check = none
}}"""

UNIT = """[Unit]
Description=Checks the codes of the VPN's second factor
After=network.target

[Service]
User={user}
Group={user}
ExecStart={program} -f -d {folder} -n radiusd
Environment=PYTHONDONTWRITEBYTECODE=1
Restart=always
RestartSec=2
StartLimitInterval=0
RuntimeDirectory=labvpn-codes
RuntimeDirectoryMode=0700
LimitCORE=0
UMask=0077
CapabilityBoundingSet=
InaccessiblePaths=-/etc/shadow
InaccessiblePaths=-/etc/gshadow
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""


class Campus(NamedTuple):
    """The campus's RADIUS, which has the passwords of users of `auth: radius`: servers that are asked in turn."""

    servers: str
    port: str
    secret: str


def quoted(text: str) -> str:
    """A text as FreeRADIUS's settings have it: in single quotes it expands nothing.

    Measured with 3.2.1: a backslash escapes the quote and stands for itself anywhere else, so that no text with one
    comes back for certain; the preview refuses it.
    """
    return "'{}'".format(text.replace("'", "\\'"))


def setting(config: str, name: str) -> str:
    """A value of FreeRADIUS's settings as we write them, '' where there is none."""
    found = re.search(r"^ +{} = '?((?:[^'\\\n]|\\')*)'?$".format(name), config, re.MULTILINE)
    return found.group(1).replace("\\'", "'") if found else ""


def campus_of(config: str) -> Optional[Campus]:
    """The campus's RADIUS servers of such settings; None where nothing is asked of any."""
    found = re.findall(r"^home_server .*?^}", config, re.MULTILINE | re.DOTALL)
    if not found:
        return None
    servers = ",".join(setting(one, "ipaddr") for one in found)
    return Campus(servers, setting(found[0], "port"), setting(found[0], "secret"))


def settings_text(port: str, secret: str, campus: Optional[Campus] = None) -> str:
    """FreeRADIUS's settings; it looks for a module in `python_path` after the distribution's own."""
    tries = [
        TRY.format(number=number, before="!&request:Tmp-Integer-0 && " if number else "") for number in range(TRIES)
    ]
    text = SETTINGS.format(
        folder=CODES, port=port, secret=quoted(secret), tries="\n".join(tries), proxies=yes(campus is not None)
    )
    return text + (campus_text(campus) if campus else "")


def campus_text(campus: Campus) -> str:
    """The settings by which FreeRADIUS hands a question on."""
    addresses = campus.servers.split(",")
    servers = [
        SERVER.format(number=number, address=address, port=campus.port, secret=quoted(campus.secret))
        for number, address in enumerate(addresses)
    ]
    members = ["    home_server = campus{}".format(number) for number, _ in enumerate(addresses)]
    return CAMPUS.format(servers="\n".join(servers), members="\n".join(members))
