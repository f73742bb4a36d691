"""SoftEther's configuration file as a tree: `declare NAME {`, then lines `TYPE KEY VALUE`; a blank is $20."""

import re
from typing import Any, Dict, Iterable, Iterator, List, Tuple

ESCAPE = re.compile(r"\$([0-9A-Fa-f]{2})")
# Characters that SoftEther itself escapes, and the dollar sign; other bytes are UTF-8.
AWKWARD = re.compile(r"[\x00-\x20$]")

Tree = Dict[str, Any]
Edits = Dict[Tuple[str, ...], Tuple[str, str]]


def unescape(word: str) -> str:
    """Read a name or a string value; a lone `$` is the empty string."""
    if "$" not in word:
        return word
    return "" if word == "$" else ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), word)


def escape(value: str) -> str:
    """Write a string value so that it is one word."""
    return AWKWARD.sub(lambda found: "${:02X}".format(ord(found.group())), value) if value else "$"


# What the server itself records of a user.
COUNTED = frozenset(["CreatedTime", "UpdatedTime", "LastLoginTime", "NumLogin"])
# Blocks whose inner ones have names of the administrator's choice (SoftEther's Server.c).
NAMED = frozenset(
    ["UserList", "VirtualHUB", "GroupList", "VirtualLayer3SwitchList", "EtherIP_IDSettingsList", "WireGuardKeyList"]
)
TRAFFIC = ["declare", "Traffic"]
POLICY = ["declare", "Policy"]


def load(lines: Iterable[str]) -> Tree:
    """Read a configuration into nested dicts of texts.

    Ten thousand users are 20 MB of text: what the server counts is left out, and equal policies are read once and share
    one dict.
    """
    root: Tree = {}
    stack: List[Tuple[str, Tree]] = [("", root)]
    policies: Dict[Tuple[str, ...], Tree] = {}
    names: Dict[str, str] = {}
    left = iter(lines)
    for line in left:
        words = line.strip().split(" ", 2)
        if words == TRAFFIC and stack[-1][0] not in NAMED:
            enclosed(left)
        elif words == POLICY and stack[-1][0] not in NAMED:
            text = enclosed(left)
            if text not in policies:
                policies[text] = load(text)
            stack[-1][1]["Policy"] = policies[text]
        elif words[0] == "declare":
            stack.append((unescape(words[1]), {}))
        elif words[0] == "}" and len(stack) > 1:
            name, block = stack.pop()
            stack[-1][1][name] = block
        elif len(words) == 3 and words[0] != "#" and words[1] not in COUNTED:
            stack[-1][1][names.setdefault(words[1], words[1])] = unescape(words[2])
    top: Tree = root.get("root", root)
    return top


def listeners_of(tree: Tree) -> Dict[str, bool]:
    """Whether each listener is enabled, by what the file has as its port; of two with one port the first counts."""
    found: Dict[str, bool] = {}
    for block in tree.get("ListenerList", {}).values():
        if isinstance(block, dict) and "Port" in block:
            found.setdefault(str(block["Port"]), block.get("Enabled") == "true")
    return found


def is_port(word: str) -> bool:
    """Whether a word is a TCP port."""
    return word.isdigit() and 0 < int(word) < 65536


def enclosed(lines: Iterator[str]) -> Tuple[str, ...]:
    """The lines of the block that was declared last, up to its end, without its braces."""
    inner: List[str] = []
    depth = 0
    for line in lines:
        text = line.strip()
        depth += (text == "{") - (text == "}")
        if depth <= 0:
            break
        inner.append(text)
    return tuple(inner[1:])


def head(lines: Iterable[str]) -> Tree:
    """Read only what comes before the hubs: listeners and server settings."""

    def until_hubs() -> Iterator[str]:
        for line in lines:
            if line.strip() == "declare VirtualHUB":
                break
            yield line
        yield "}"

    return load(until_hubs())


def edit(lines: Iterable[str], edits: Edits) -> Iterator[str]:
    """Set values by their place, `("ServerConfiguration", "DisableNatTraversal"): ("bool", "true")`.

    A key that its block lacks is added to it; a block that is not there is not made. Line ends stay as they are.
    """
    left = dict(edits)
    place: List[str] = []
    for line in lines:
        words = line.strip().split(" ", 2)
        if words[0] == "declare":
            place.append(unescape(words[1]))
        elif words[0] == "}":
            for key in [key for key in left if list(key[:-1]) == place[1:]]:
                yield setting(line, key[-1], left.pop(key), "\t")
            place.pop()
        elif len(words) == 3 and (*place[1:], words[1]) in left:
            yield setting(line, words[1], left.pop((*place[1:], words[1])), "")
            continue
        yield line


def setting(like: str, key: str, value: Tuple[str, str], deeper: str) -> str:
    """A setting's line with the indentation and the line end of another."""
    indent = like[: len(like) - len(like.lstrip())]
    end = like[len(like.rstrip("\r\n")) :]
    return "{}{}{} {} {}{}".format(indent, deeper, value[0], key, value[1], end)
