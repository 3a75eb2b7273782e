"""Sends one call that the server at the URL refuses, and one that it answers, in one session: prints what came of both."""

import asyncio
import json
import sys
from datetime import timedelta

import mcp

# Bounds a hang on a busy machine.
PATIENCE_SECONDS = 120


async def use(client):
    async def call(text):
        try:
            result = await client.call_tool("echo_echo", {"text": text})
            return json.loads(result.content[0].text)
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:100]

    refused = await call("x" * int(sys.argv[2]))
    print(json.dumps({"refused": refused, "answered": await call("short")}), flush=True)


async def main():
    url = sys.argv[1]
    if hasattr(mcp, "Client"):
        async with mcp.Client(url, read_timeout_seconds=PATIENCE_SECONDS) as client:
            await use(client)
        return
    from mcp.client.streamable_http import streamable_http_client

    async with streamable_http_client(url) as (read, write, _):
        timeout = timedelta(seconds=PATIENCE_SECONDS)
        async with mcp.ClientSession(read, write, timeout) as session:
            await session.initialize()
            await use(session)


asyncio.run(main())
