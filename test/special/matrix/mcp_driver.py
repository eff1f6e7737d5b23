# What the clients of the Python SDK 1.x and 2.x have in common.
from mcp import types
from observe import Driver, text_of


class McpDriver(Driver):
    async def sampled(self, _context, _params):
        content = types.TextContent(type="text", text=self.answers["sampling"])
        return types.CreateMessageResult(model="none", role="assistant", content=content)

    async def elicited(self, _context, _params):
        return types.ElicitResult(action="accept", content={"name": self.answers["name"]})

    async def on_log(self, params):
        self.logged.append(params.data)

    async def names(self):
        return [each.name for each in (await self.client.list_tools()).tools]

    async def call(self, name, args, on_progress=None):
        return text_of(await self.client.call_tool(name, args, progress_callback=on_progress))

    async def prompt(self, name, args):
        return (await self.client.get_prompt(name, args)).model_dump_json()
