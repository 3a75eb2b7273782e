"""A gateway over a Redis that somebody else runs: TLS with a CA of one's own, and the password in a Secret that exists."""

import pulumi
import pulumi_mcp_fleet as mcp_fleet

gateway = mcp_fleet.VirtualMcpServer(
    "tools",
    sessions=5000,
    backends=[
        {"name": "github", "url": "http://github.tools.svc:8080/mcp"},
        {"name": "wiki", "url": "https://wiki.example.com/mcp"},
    ],
    session_storage={
        "address": "redis.data.svc:6379",
        "username": "tools",
        "password_ref": {"name": "redis-tools", "key": "password"},
        "tls": {"ca_config_map_ref": {"name": "redis-ca", "key": "ca.crt"}},
    },
)

pulumi.export("url", gateway.url)
