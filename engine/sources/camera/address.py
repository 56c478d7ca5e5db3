"""What may be shown of an address that may hold a name and a password."""

from __future__ import annotations

import re

_SECRET = re.compile(r"[=@;&%]")


def shown_address(url: str) -> str:
    """Give scheme, host, port and path; nothing that could be part of a name or a password.

    Cameras take passwords before the host, in the query, and some in the path
    (``/user=admin_password=…``); a password with an unescaped ``/`` or ``@`` in it moves the
    places where these begin. So all before the last ``@``, the query, and a path with any sign in
    it that separates values are left out.
    """
    scheme, _, rest = url.partition("://")
    address = re.split(r"[?#]", rest.rpartition("@")[2])[0]
    host, slash, path = address.partition("/")
    return f"{scheme}://{host}" if _SECRET.search(path) else f"{scheme}://{host}{slash}{path}"
