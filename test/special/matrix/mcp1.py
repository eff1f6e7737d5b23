# The client of the Python SDK 1.x.
import asyncio
import json
import sys

from mcp import ClientSession, types
from mcp.client.streamable_http import streamablehttp_client
from mcp_driver import McpDriver
from observe import until
from pydantic import AnyUrl


class Mcp1(McpDriver):
    async def roots(self, _context):
        return types.ListRootsResult(roots=[types.Root(uri=AnyUrl(self.answers["root"]))])

    async def on_message(self, message):
        method = getattr(getattr(message, "root", None), "method", "")
        if method.startswith("notifications/resources/"):
            self.heard.append(method)

    async def read(self, uri):
        return (await self.client.read_resource(AnyUrl(uri))).model_dump_json()

    async def log(self):
        await self.client.set_logging_level("debug")

    async def listen(self, uri, trigger):
        if uri is not None:
            await self.client.subscribe_resource(AnyUrl(uri))
        await trigger()
        await until(lambda: self.heard)

    async def main(self, url, name, folder, plan, answers):
        self.folder, self.answers = folder, answers
        async with streamablehttp_client(url) as (read, write, _):
            async with ClientSession(
                read,
                write,
                client_info=types.Implementation(name=name, version="1.0.0"),
                sampling_callback=self.sampled,
                elicitation_callback=self.elicited,
                list_roots_callback=self.roots,
                logging_callback=self.on_log,
                message_handler=self.on_message,
            ) as self.client:
                self.revision = (await self.client.initialize()).protocolVersion
                await self.observe(plan)


asyncio.run(Mcp1().main(*sys.argv[1:4], *map(json.loads, sys.argv[4:])))
