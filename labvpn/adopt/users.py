"""Users, from the lines that the host shows to the rows of the users' file; passwords stay where they are."""

from __future__ import annotations

import base64
import csv
import io
import ssl
from collections.abc import Mapping

from pydantic import ValidationError

from labvpn.adopt.found import Found
from labvpn.model.policies import LAB_DEFAULTS, Policies
from labvpn.model.problems import problems_of
from labvpn.model.users import EVERYBODY, User
from labvpn.observe.survey import Survey

FOLDER = "certificates"
"""Where the certificates go that users and hubs are known by."""

POLICIES = frozenset(info.alias or name for name, info in Policies.model_fields.items())
COLUMNS = (
    *("name", "realName", "note", "hub", "group", "auth", "certificate", "commonName", "serial", "radiusName"),
    *("expires", *LAB_DEFAULTS),
)
"""The first columns in their order; other policies follow."""


class Files:
    """The certificates that rows and hubs name by file."""

    def __init__(self, found: Found, survey: Survey) -> None:
        self.found, self.survey = found, survey

    def certificate(self, digest: str, name: str) -> str:
        """The path of a certificate, from the project's folder."""
        path = f"{FOLDER}/{name}.pem"
        data = base64.b64decode(self.survey.certificates[digest])
        self.found.files[path] = data.decode() if data.startswith(b"-----") else ssl.DER_cert_to_PEM_cert(data)
        return path


def users(found: Found, files: Files, hub: str, own: bool) -> None:
    """Add a row for every user of a hub; who cannot be told is named and left as he is."""
    groups = files.survey.within("group", hub)
    for name, fields in files.survey.within("user", hub).items():
        row = {"name": name, **({} if own else {"hub": hub}), **_row(files, name, fields)}
        if trouble := _trouble(found, row, fields):
            found.remarks.append(f"The user {name} of {hub} is left as he is: {trouble}")
            continue
        found.users.append(row)
        if policies(groups.get(fields["group"], {})):
            whose = f"{name} has the limits of the group {fields['group']}"
            found.remarks.append(f"{whose}; the first `pulumi up` writes them to the user")


def _row(files: Files, name: str, fields: Mapping[str, str]) -> dict[str, str]:
    row = {"realName": fields["realname"], "note": fields["note"]}
    if fields["group"] != "none":
        row["group"] = fields["group"]
    if fields["expires"] != "never":
        row["expires"] = fields["expires"]
    return {**row, **_login(files, name, fields), **dict.fromkeys(LAB_DEFAULTS, "0"), **policies(fields)}


def _login(files: Files, name: str, fields: Mapping[str, str]) -> dict[str, str]:
    if "certificate" in fields:
        return {"auth": "certificate", "certificate": files.certificate(fields["certificate"], name)}
    if "radius" in fields:
        return {"auth": "radius", "radiusName": fields["radius"]}
    if "signed" in fields:
        told = {"commonName": fields["signed"], "serial": fields["serial"]}
        return {"auth": "signed", **{key: value for key, value in told.items() if value != "any"}}
    return {"auth": "kept"}


def policies(fields: Mapping[str, str]) -> dict[str, str]:
    """The security policies of a line, by SoftEther's names."""
    return {name: value for name, value in fields.items() if name in POLICIES}


def _trouble(found: Found, row: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Why a row cannot stand in the users' file."""
    if "login" in fields:
        return "he logs in anonymously or by a Windows domain, which the stack does not have"
    if row["name"] != EVERYBODY and row["name"].lower() in {other["name"].lower() for other in found.users}:
        return "another hub has a user of this name, and the stack has each name once"
    try:
        User.model_validate({key: value for key, value in row.items() if value}, context={"files": found.files.get})
    except ValidationError as error:
        return "; ".join(str(problem).lstrip(".") for problem in problems_of(error, "", User))
    return ""


def table(rows: list[dict[str, str]]) -> str:
    """The users' file; a column that nobody needs is left out."""
    used = {key for row in rows for key, value in row.items() if value}
    columns = [name for name in COLUMNS if name in used] + sorted(used - set(COLUMNS))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns or ["name"], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
