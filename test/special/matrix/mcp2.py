# The client of the Python SDK 2.x with its defaults.
import asyncio
import json
import sys

from mcp import types
from mcp.client.client import Client
from mcp_driver import McpDriver

METHODS = {"ResourcesListChanged": "notifications/resources/list_changed", "ResourceUpdated": "notifications/resources/updated"}


class Mcp2(McpDriver):
    async def roots(self, _context):
        return types.ListRootsResult(roots=[types.Root(uri=self.answers["root"])])

    async def read(self, uri):
        return (await self.client.read_resource(uri)).model_dump_json()

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
