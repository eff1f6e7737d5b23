# The Python client of the official SDK 1.x: it opens a session.
import asyncio
import json
import sys

from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client


async def answer(_context, _params):
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def main(url: str, tool: str, arguments: str) -> None:
    async with streamablehttp_client(url) as (read, write, _):
        async with ClientSession(read, write, elicitation_callback=answer) as client:
            revision = (await client.initialize()).protocolVersion
            names = [each.name for each in (await client.list_tools()).tools]
            result = await client.call_tool(tool, json.loads(arguments))
            texts = [each.text for each in result.content if each.type == "text"]
            print(json.dumps({"revision": revision, "tools": names, "texts": texts}))


asyncio.run(main(*sys.argv[1:]))
