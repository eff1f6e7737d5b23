# The client of the Python SDK 2.x with its defaults.
import asyncio
import json
import sys

from mcp import types
from mcp.client.client import Client
from observe import Driver, text_of

METHODS = {"ResourcesListChanged": "notifications/resources/list_changed", "ResourceUpdated": "notifications/resources/updated"}


class Mcp2(Driver):
    async def sampled(self, _context, _params):
        content = types.TextContent(type="text", text=self.answers["sampling"])
        return types.CreateMessageResult(model="none", role="assistant", content=content)

    async def elicited(self, _context, _params):
        return types.ElicitResult(action="accept", content={"name": self.answers["name"]})

    async def roots(self, _context):
        return types.ListRootsResult(roots=[types.Root(uri=self.answers["root"])])

    async def on_log(self, params):
        self.logged.append(params.data)

    async def names(self):
        return [each.name for each in (await self.client.list_tools()).tools]

    async def call(self, name, args, on_progress=None):
        return text_of(await self.client.call_tool(name, args, progress_callback=on_progress))

    async def read(self, uri):
        return (await self.client.read_resource(uri)).model_dump_json()

    async def prompt(self, name, args):
        return (await self.client.get_prompt(name, args)).model_dump_json()

    async def log(self):
        pass  # `log_level` is in each request.

    async def listen(self, uri, trigger):
        wishes = {"resources_list_changed": True} if uri is None else {"resource_subscriptions": [uri]}
        async with self.client.listen(**wishes) as subscription:
            await trigger()
            async for event in subscription:
                self.heard.append(METHODS[type(event).__name__])
                break

    async def main(self, url, name, folder, plan, answers):
        self.folder, self.answers = folder, answers
        async with Client(
            url,
            client_info=types.Implementation(name=name, version="1.0.0"),
            sampling_callback=self.sampled,
            elicitation_callback=self.elicited,
            list_roots_callback=self.roots,
            logging_callback=self.on_log,
            log_level="debug",
        ) as self.client:
            self.revision = self.client.protocol_version
            await self.observe(plan)


asyncio.run(Mcp2().main(*sys.argv[1:4], *map(json.loads, sys.argv[4:])))
