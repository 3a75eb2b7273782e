"""A store, and a gateway of two servers that run already, for 1,000 sessions."""

import pulumi
import pulumi_mcp_fleet as mcp_fleet

store = mcp_fleet.RedisSentinel("sessions", sessions=1000)

gateway = mcp_fleet.VirtualMcpServer(
    "tools",
    sessions=1000,
    backends=[
        {"name": "github", "url": "http://github.tools.svc:8080/mcp"},
        {"name": "wiki", "url": "https://wiki.example.com/mcp"},
    ],
    session_storage={
        "sentinel": {
            "master_name": store.master_name,
            "addresses": store.sentinel_addresses,
            "username": store.username,
        },
        "username": store.username,
        "password": store.password,
    },
)

pulumi.export("url", gateway.url)
pulumi.export("replicas", gateway.plan)
