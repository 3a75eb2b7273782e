"""Says how far the Python SDK's client, or FastMCP's, gets with servers: a JSON list of targets in, a JSON object per line out."""

import asyncio
import json
import logging
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import mcp
from mcp import types

MOST_PAGES = 200
LIST_AGAIN_SECONDS = 0.5
AT_ONCE = 24
IS_FASTMCP = "fastmcp" in sys.argv
LIST_FAILURES = 3
# Longer than any patience: what ends a wait is that.
LONGEST_SECONDS = 600


async def roots(_context):
    return types.ListRootsResult(roots=[types.Root(uri="file:///workspace")])


@asynccontextmanager
async def connected(url):
    """Connects as the SDK's own documentation has it."""
    if IS_FASTMCP:
        import fastmcp

        async with fastmcp.Client(url, timeout=LONGEST_SECONDS) as client:
            yield client
        return
    if hasattr(mcp, "Client"):
        async with mcp.Client(url, read_timeout_seconds=LONGEST_SECONDS, list_roots_callback=roots) as client:
            yield client
        return
    from mcp.client.streamable_http import streamable_http_client

    async with streamable_http_client(url) as (read, write, _):
        timeout = timedelta(seconds=LONGEST_SECONDS)
        async with mcp.ClientSession(read, write, timeout, list_roots_callback=roots) as session:
            await session.initialize()
            yield session


async def list_page(client, cursor):
    if IS_FASTMCP:
        return await client.list_tools(), None
    if hasattr(mcp, "Client"):
        page = await client.list_tools(cursor=cursor, cache_mode="bypass")
        return page.tools, page.next_cursor
    page = await client.list_tools(cursor)
    return page.tools, page.nextCursor


async def pages(client):
    names, seen, cursor = [], set(), None
    for _ in range(MOST_PAGES):
        tools, following = await list_page(client, cursor)
        names += [tool.name for tool in tools]
        if not following or following in seen:
            break
        seen.add(following)
        cursor = following
    return names


async def list_all(target, client):
    prefix, needed = target["prefix"], target["tools"]
    loop = asyncio.get_running_loop()
    end = loop.time() + target["patience"]["list"] / 1000 - LIST_AGAIN_SECONDS
    failures = 0
    while True:
        names, failure = [], None
        try:
            names = [name for name in await pages(client) if name.startswith(prefix)]
        except Exception as error:
            failure = error
            failures += 1
        if set(prefix + name for name in needed) <= set(names) and len(set(names)) >= target["toolCount"]:
            return
        if failures == LIST_FAILURES or loop.time() > end:
            raise failure or RuntimeError(f"only {names[:5]} are listed")
        await asyncio.sleep(LIST_AGAIN_SECONDS)


async def use(target, client, found):
    patience = target["patience"]
    try:
        async with asyncio.timeout(patience["list"] / 1000):
            await list_all(target, client)
        found["outcome"] = "fails to call"
        async with asyncio.timeout(patience["call"] / 1000):
            result = await client.call_tool(target["prefix"] + "echo", {"text": "hello"})
        if result.content[0].text != "hello":
            raise RuntimeError(f"it says {result.content[0].text[:100]}")
        found["outcome"] = "works"
    except Exception as error:
        found["reason"] = repr(error)[:200]


async def steps(target, found, done):
    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(target["patience"]["connect"] / 1000):
                client = await stack.enter_async_context(connected(target["url"]))
            found["outcome"] = "fails to list"
            await use(target, client, found)
            # How the server lets go of its session is no matter of the call.
            done.set()
    except BaseException as error:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        found["reason"] = found["reason"] or repr(error)[:200]
    finally:
        done.set()


async def probe(target, places):
    async with places:
        found = {"row": target["row"], "outcome": "fails to connect", "reason": ""}
        done = asyncio.Event()
        task = asyncio.create_task(steps(target, found, done))
        await done.wait()
        print(json.dumps(found), flush=True)
        task.cancel()


async def main():
    places = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(probe(target, places) for target in json.load(sys.stdin)))


logging.disable(logging.CRITICAL)
loop = asyncio.new_event_loop()
loop.run_until_complete(main())
sys.stdout.flush()
# Without waiting for what is still open.
os._exit(0)
