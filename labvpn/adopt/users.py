"""Users, from the lines that the host shows to the rows of the users' file; passwords stay where they are."""

from __future__ import annotations

import base64
import csv
import io
import re
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

from labvpn.adopt.found import Found
from labvpn.model.policies import LAB_DEFAULTS, UNLIMITED, USUAL, Policies
from labvpn.model.users import WILDCARD, User
from labvpn.model.users_file import guarded
from labvpn.parse.inventory import HostInventory

FOLDER = "certificates"
"""The folder for the certificates of users and hubs."""

POLICIES = frozenset(info.alias or name for name, info in Policies.model_fields.items())
COLUMNS = (
    *("name", "realName", "note", "hub", "group", "auth", "certificate", "commonName", "serial", "radiusName"),
    *("expires", "policies", *LAB_DEFAULTS),
)
"""The first columns in their order; other policies follow."""


class Files:
    """The certificates that rows and hubs name by file."""

    def __init__(self, found: Found, survey: HostInventory) -> None:
        self.found, self.survey = found, survey

    def certificate(self, digest: str, name: str) -> str | None:
        """The path of a certificate, from the project's folder; None for one that cannot be read."""
        try:
            data = base64.b64decode(self.survey.certificates[digest], validate=True)
            text = data.decode() if data.startswith(b"-----") else ssl.DER_cert_to_PEM_cert(data)
        except (KeyError, ValueError):
            return None
        # Names of users may contain what a path must not, and two of them may differ only in that.
        path = f"{FOLDER}/{re.sub(r'[^A-Za-z0-9._@-]', '_', name)}.pem"
        if self.found.files.get(path, text) != text or path.startswith(f"{FOLDER}/."):
            path = f"{FOLDER}/{digest[:16]}.pem"
        self.found.files[path] = text
        return path


def users(found: Found, files: Files, hub: str, own: bool) -> None:
    """Add a row for every user of a hub; a user who does not fit is reported and left unchanged."""
    groups = files.survey.within("group", hub)
    for name, fields in files.survey.within("user", hub).items():
        before = dict(found.files)
        limits = _limits(fields, groups.get(fields["group"], {}))
        row = {"name": name, **({} if own else {"hub": hub}), **_row(files, name, fields), **limits}
        if trouble := _trouble(found, row, fields, hub):
            found.files = before
            found.remarks.append(f"The user {name} of {hub} is left unchanged: {trouble}")
            continue
        found.users.append(row)
        if "expires" in row and row["expires"] < f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}":
            found.remarks.append(f"The account of {name} in {hub} has expired ({row['expires'][:10]}), and stays so")


def _limits(fields: Mapping[str, str], group: Mapping[str, str]) -> dict[str, str]:
    """A user's policies: all that the group or the lab would set are set here too, or none where they are inherited."""
    own, of_group = policies(fields), policies(group)
    # An older agent shows no policy where there is none, or where it is the usual one.
    inherits = fields.get("policies") == "inherited" if "policies" in fields else bool(of_group and not own)
    if inherits:
        return {"policies": "inherited"}
    usual = {name: _written(USUAL.get(name, 0 if of_group[name].isdigit() else False)) for name in of_group}
    return {**{name: _written(value) for name, value in UNLIMITED.items()}, **usual, **own}


def _written(value: int | bool) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _row(files: Files, name: str, fields: Mapping[str, str]) -> dict[str, str]:
    row = {"realName": fields["realname"], "note": fields["note"]}
    if fields["group"] != "none":
        row["group"] = fields["group"]
    if fields["expires"] != "never":
        row["expires"] = fields["expires"]
    return {**row, **_login(files, name, fields)}


def _login(files: Files, name: str, fields: Mapping[str, str]) -> dict[str, str]:
    if "certificate" in fields:
        return {"auth": "certificate", "certificate": files.certificate(fields["certificate"], name) or ""}
    if "radius" in fields:
        return {"auth": "radius", "radiusName": fields["radius"]}
    if "signed" in fields:
        signature = {"commonName": fields["signed"], "serial": fields["serial"]}
        return {"auth": "signed", **{key: value for key, value in signature.items() if value != "any"}}
    return {"auth": "kept"}


def policies(fields: Mapping[str, str]) -> dict[str, str]:
    """The security policies of a line, by SoftEther's names."""
    return {name: value for name, value in fields.items() if name in POLICIES}


def _trouble(found: Found, row: Mapping[str, str], fields: Mapping[str, str], hub: str) -> str:
    """Why a row does not fit into the users' file."""
    if "login" in fields:
        return "the login is anonymous or by a Windows domain, which the stack does not support"
    if row["name"] != WILDCARD and row["name"].lower() in {other["name"].lower() for other in found.users}:
        return "another hub has a user of this name, and the stack has each name once"
    section = found.sections.get("hubs", {}).get(hub, {})
    if row.get("group") and row["group"] not in section.get("groups", {}):
        return f"the group {row['group']} is left as it is"
    if row["auth"] == "signed" and not section.get("authorities") and "authorities" not in section.get("kept", []):
        return "the certificate must be signed by a CA that the hub trusts, and it trusts none"
    if row["auth"] == "radius" and not section.get("radius") and "radius" not in section.get("kept", []):
        return "the login needs RADIUS, and the hub has no RADIUS server"
    return found.trouble(User, {key: value for key, value in row.items() if value})


def table(rows: list[dict[str, str]]) -> str:
    """The users' file; an empty column is left out."""
    used = {key for row in rows for key, value in row.items() if value}
    columns = [name for name in COLUMNS if name in used] + sorted(used - set(COLUMNS))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or ["name"], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: guarded(value) for key, value in row.items()} for row in rows)
    return text.getvalue()
