# The Python client of the official SDK 2.x with its defaults: which revision it gets, and what a tool answers.
import asyncio
import json
import sys

from mcp import types
from mcp.client.client import Client


async def answer(_context, _params):
    return types.ElicitResult(action="accept", content={"name": "Ada"})


async def main(url: str, tool: str, arguments: str) -> None:
    async with Client(url, elicitation_callback=answer) as client:
        names = [each.name for each in (await client.list_tools()).tools]
        result = await client.call_tool(tool, json.loads(arguments))
        texts = [each.text for each in result.content if each.type == "text"]
        print(json.dumps({"revision": client.protocol_version, "tools": names, "texts": texts}))


asyncio.run(main(*sys.argv[1:]))
