"""The code verifier's files: FreeRADIUS's settings and its unit. Nothing of the distribution's own settings is read."""

from labvpn.agent.core.paths import CODES

TRIES = 6
"""Three codes are good at a time, of the present step and its neighbours, and a name may be typed in two ways."""

SETTINGS = """# Written by labvpn: changes are undone by its next run.
prefix = /usr
raddbdir = {folder}
logdir = {folder}/used
run_dir = {folder}/used
max_request_time = 10
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
    secret = "{secret}"
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
        mschap
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


def settings_text(port: str, secret: str) -> str:
    """FreeRADIUS's settings; it looks for a module in `python_path` after the distribution's own."""
    tries = [
        TRY.format(number=number, before="!&request:Tmp-Integer-0 && " if number else "") for number in range(TRIES)
    ]
    return SETTINGS.format(folder=CODES, port=port, secret=secret, tries="\n".join(tries))
