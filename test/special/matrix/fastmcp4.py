# The client of FastMCP 4 with its defaults.
import asyncio
import json
import sys

from fastmcp import Client
from mcp import types
from observe import Driver, text_of


class FastMcp4(Driver):
    async def sampled(self, _messages, _params, _context):
        return self.answers["sampling"]

    async def elicited(self, _message, _type, _params, _context):
        return {"name": self.answers["name"]}

    async def on_log(self, message):
        self.logged.append(message.data)

    async def names(self):
        return [each.name for each in await self.client.list_tools()]

    async def call(self, name, args, on_progress=None):
        return text_of(await self.client.call_tool(name, args, progress_handler=on_progress))

    async def read(self, uri):
        return "\n".join(each.model_dump_json() for each in await self.client.read_resource(uri))

    async def prompt(self, name, args):
        return (await self.client.get_prompt(name, args)).model_dump_json()

    async def log(self):
        pass  # Each request asks for all messages.

    async def main(self, url, name, folder, plan, answers):
        self.folder, self.answers = folder, answers
        async with Client(
            url,
            client_info=types.Implementation(name=name, version="1.0.0"),
            sampling_handler=self.sampled,
            elicitation_handler=self.elicited,
            roots=[answers["root"]],
            log_handler=self.on_log,
        ) as self.client:
            self.revision = self.client.protocol_version
            await self.observe(plan)


asyncio.run(FastMcp4().main(*sys.argv[1:4], *map(json.loads, sys.argv[4:])))
