"""nft's commands given to the kernel by libnftables, which firewalld itself uses; not every host has the program `nft`.

The calls are those of <nftables/libnftables.h>, as libnftables(3) describes them.
"""

import ctypes
from typing import Any, Optional

from labvpn.agent.core.errors import AgentError

LIBRARY = "libnftables.so.1"


class NoNftables(AgentError):
    """This host takes no rules of nft: the library is missing, or its kernel does not know them."""


def library() -> Optional[Any]:
    """The library with the types of its calls; None where it is not installed."""
    try:
        nft = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    nft.nft_ctx_new.restype = ctypes.c_void_p
    nft.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
    for call in (nft.nft_ctx_buffer_output, nft.nft_ctx_buffer_error, nft.nft_ctx_get_error_buffer, nft.nft_ctx_free):
        call.argtypes = [ctypes.c_void_p]
    nft.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    return nft


def carry_out(commands: str) -> None:
    """Have the kernel carry out all of these commands or none; AgentError has its complaint, or names the package."""
    nft = library()
    if nft is None:
        raise NoNftables(
            "{} is missing on the VPN host, so its kernel takes no rules: install it (libnftables1 on Debian, nftables "
            "elsewhere)".format(LIBRARY)
        )
    context = nft.nft_ctx_new(0)
    try:
        nft.nft_ctx_buffer_output(context)
        nft.nft_ctx_buffer_error(context)
        if nft.nft_run_cmd_from_buffer(context, commands.encode("ascii")) != 0:
            complaint = (nft.nft_ctx_get_error_buffer(context) or b"").decode("utf-8", "replace").strip()
            kind = NoNftables if "not supported" in complaint else AgentError
            raise kind("the kernel of the VPN host refused rules: {}".format(complaint.split("\n")[0]))
    finally:
        nft.nft_ctx_free(context)
