"""Lines of programs that have nothing to do with a VPN, but fail in the same words; they mean nothing. Pure."""

import re

_NAMES = (
    r"wpa_supplicant|hostapd|iwd|nginx|apache2?|httpd|lighttpd|caddy|haproxy|traefik|envoy|squid|varnishd?|tomcat\d*|"
    r"curl|wget|git|cupsd?|cups-browsed|lpd|ipp\w*|printer|sshd?|sftp-server|scp|rsync|postfix(?:/\w+)*|dovecot|"
    r"exim\d?|sendmail|imapd?|smtpd?|master|smbd|nmbd|winbindd|mount\.nfs|nfsd|dockerd?|containerd|podman|kubelet|etcd|"
    r"mysqld?|mariadbd?|postgres|redis(?:-server)?|mongod|memcached|java|node|php(?:-fpm)?|python\d*|ruby|gunicorn|uwsgi|"
    r"celery|snmpd?|ntpd?|chronyd|timesyncd|systemd-timesyncd|named|unbound|dnsmasq|dhclient|dhcpcd|dhcpd|radvd|avahi-daemon|"
    r"bluetoothd|rsyslogd|sudo|su|login|gdm|lightdm|cron|crond|CRON|anacron|fail2ban|freeradius|radiusd|slapd|krb5kdc|sssd|"
    r"vsftpd|proftpd|ftpd?|mosquitto|zabbix\w*|prometheus|grafana|elasticsearch|kafka|vault|consul|certbot|snapd|apt|"
    r"packagekitd|fwupd|asterisk|sip\w*|tailscaled|wg-quick|wireguard|openconnect|vpnagentd|acvpn\w*|zerotier\w*|cloudflared|"
    r"stunnel\d?|tor|firefox|chrome|chromium|thunderbird|outlook|mail|fetchmail|mutt|backup|restic|borg|duplicity"
)
_TAGGED = re.compile(rf"(?:^|[\s/])(?:{_NAMES})(?:\[\d+\]|\(\s*\w+\))?:\s", re.IGNORECASE)
_FORMS = re.compile(
    r"(?:^|\s)(?:curl: \(\d+\)|wget: |fatal: |npm ERR!|ssh: |make: )|\b(?:GET|POST|PUT|HEAD|PROPFIND) /\S* HTTP/|"
    r"^\[(?:emerg|alert|crit|error|warn|notice|info|debug)\] \d+#\d+:|"  # nginx
    r"^\[(?:\w+:)?(?:error|warn|notice|info)\] \[pid \d+|"  # Apache
    r"^\S+ - \S+ \[\d+/\w+/\d+|^\[\d+/\w+/\d{4}:|"  # web servers' access logs
    r"^[EWID] \[\d+/\w+/\d{4}|"  # CUPS
    r"\bCTRL-(?:EVENT|REQ)-|^wlan\d: |"  # wpa_supplicant
    r"^\s+at [\w.$]+\([\w.]+(?:java|kt)?:?\d*\)",  # a stack trace
    re.IGNORECASE,
)


def foreign(text: str) -> bool:
    """Whether another program wrote this line, by its name before the message or by its form."""
    return bool(_FORMS.search(text) or _TAGGED.search(text[:120]))
