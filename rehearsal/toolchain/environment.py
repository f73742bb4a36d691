"""A Python environment: its interpreter, its packages, and the Pulumi plugin that each package needs.

The language host runs this file in the program's own Python (standard library alone) and reads the JSON it prints:
`{"executable", "version", "packages": [{"name", "version", "required", "plugin"}]}`, where `required` means that
another package needs this one, and `plugin` is null or `{"name", "version", "server"}`.
"""

import importlib.metadata
import importlib.util
import json
import platform
import re
import sys
from pathlib import Path
from typing import Any, TypedDict

PRERELEASES = {"a": "alpha", "b": "beta", "rc": "rc"}


class Plugin(TypedDict):
    """The resource plugin that a Pulumi package needs; `server` is empty for Pulumi's own downloads."""

    name: str
    version: str
    server: str


class Package(TypedDict):
    """One installed distribution, its name normalized (lower case, single dashes)."""

    name: str
    version: str
    required: bool
    plugin: Plugin | None


class Environment(TypedDict):
    """A Python and its installed packages."""

    executable: str
    version: str
    packages: list[Package]


def environment() -> Environment:
    """The environment of the Python that runs this."""
    # If a package is on the path twice, the first one counts.
    found = {normalized(each.name): each for each in reversed(list(importlib.metadata.distributions()))}
    needed = {normalized(need) for each in found.values() for need in each.requires or () if "extra ==" not in need}
    packages = [
        Package(name=name, version=each.version, required=name in needed, plugin=plugin(name, each))
        for name, each in sorted(found.items())
    ]
    return Environment(executable=sys.executable, version=platform.python_version(), packages=packages)


def normalized(requirement: str) -> str:
    """The package's name in a requirement, as PEP 503 normalizes it."""
    name = re.match(r"[\w.-]*", requirement.strip())
    return re.sub(r"[-_.]+", "-", name[0] if name else "").lower()


def plugin(name: str, distribution: importlib.metadata.Distribution) -> Plugin | None:
    """The plugin named by a package's pulumi-plugin.json; missing values follow from the package's name."""
    path = plugin_file(distribution.name.replace("-", "_"))
    named: dict[str, Any] = json.loads(path.read_text()) if path else {"resource": name.startswith("pulumi-")}
    version = named.get("version") or plugin_version(distribution.version)
    if not named.get("resource") or version is None or name in ("pulumi-policy", "pulumi-esc-sdk"):
        return None
    return Plugin(
        name=named.get("name") or name.removeprefix("pulumi-"),
        version=version.removeprefix("v"),
        server=named.get("server", ""),
    )


def plugin_file(module: str) -> Path | None:
    """The pulumi-plugin.json of an importable module, without importing it."""
    try:
        spec = importlib.util.find_spec(module) if module.isidentifier() else None
    except (ImportError, ValueError):
        return None
    places = [Path(place) / "pulumi-plugin.json" for place in (spec and spec.submodule_search_locations) or ()]
    return next((place for place in places if place.is_file()), None)


def plugin_version(package: str) -> str | None:
    """A package's version (PEP 440) as a plugin's (SemVer), or None if it cannot be converted."""
    found = re.fullmatch(r"(\d+(?:\.\d+)*)(?:(a|b|rc)(\d+))?(?:\.post(\d+))?(?:\.dev(\d+))?", package)
    if found is None:
        return None
    release, kind, number, post, dev = found.groups()
    numbers = [*release.split("."), "0", "0"][: max(3, release.count(".") + 1)]
    early = f"-{PRERELEASES[kind]}.{number}" if kind else ""
    late = (f"post{post}" if post else "") + (f"dev{dev}" if dev else "")
    return ".".join(numbers) + early + (f"+{late}" if late else "")


if __name__ == "__main__":
    json.dump(environment(), sys.stdout)
