# The client of FastMCP 4 with its defaults.
import asyncio
import json
import sys

from fastmcp import Client


async def answer(_message, _type, _params, _context):
    return {"name": "Ada"}


async def main(url: str, tool: str, arguments: str) -> None:
    async with Client(url, elicitation_handler=answer) as client:
        names = [each.name for each in await client.list_tools()]
        result = await client.call_tool(tool, json.loads(arguments))
        texts = [each.text for each in result.content if each.type == "text"]
        print(json.dumps({"revision": client.protocol_version, "tools": names, "texts": texts}))


asyncio.run(main(*sys.argv[1:]))
