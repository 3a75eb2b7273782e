"""A server of FastMCP, or of the Python SDK's own FastMCP, on a port: PORT [stateless]."""

import sys

port, is_stateless = int(sys.argv[1]), "stateless" in sys.argv
try:
    from fastmcp import FastMCP

    server, options = FastMCP("fast"), {"host": "127.0.0.1", "port": port, "stateless_http": is_stateless, "show_banner": False}
    transport = "http"
except ImportError:
    from mcp.server.fastmcp import FastMCP

    server, options = FastMCP("fast", host="127.0.0.1", port=port, stateless_http=is_stateless), {}
    transport = "streamable-http"


@server.tool()
def echo(text: str) -> str:
    """Says it again."""
    return text


server.run(transport=transport, **options)
