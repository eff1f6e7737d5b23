# Takes the steps of a plan with a client of Python, and prints what it saw as JSON. `observe.ts` does the same in TypeScript.
import asyncio
import json
import pathlib

FEATURES = ["list", "call", "resources", "prompts", "sampling", "elicitation", "roots", "progress", "logging", "listen", "cancel"]


async def until(is_seen):
    for _ in range(600):
        if is_seen():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("nothing within 30 s")


class Driver:
    """What a client has in common with the others; a subclass says how it is done with this one."""

    def __init__(self):
        self.heard = []
        self.logged = []

    async def take(self, feature, step):
        name, args = step.get("name"), step.get("args")
        if feature == "list":
            return " ".join(await self.names())
        if feature == "resources":
            return await self.read(step["uri"])
        if feature == "prompts":
            return await self.prompt(name, args)
        if feature == "progress":
            steps = []

            async def on_progress(progress, total, _message):
                steps.append(f"{progress:g} of {total:g}")

            await self.call(name, args, on_progress)
            return ", ".join(steps)
        if feature == "logging":
            await self.log()
            await self.call(name, args)
            await until(lambda: self.logged)
            return json.dumps(self.logged)
        if feature == "listen":
            await self.listen(step.get("uri"), lambda: self.call(name, args))
            return " ".join(self.heard)
        if feature == "cancel":
            call = asyncio.create_task(self.call(name, args))
            await until(lambda: self.has_reached(args))
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            # While the client is still there: one that leaves cancels all it has asked for.
            await until(lambda: self.is_cancelled(args))
            return "cancelled" if call.cancelled() else "answered"
        return await self.call(name, args)

    def read_by_tool(self):
        """All messages that a process of the tool has read, for each of them."""
        for file in pathlib.Path(self.folder).iterdir():
            lines = file.read_text().split("\n")
            # The last is still being written, or empty.
            yield [json.loads(line) for line in lines[:-1] if line.strip()]

    def ids_of(self, messages, args):
        return [each["id"] for each in messages if each.get("params", {}).get("arguments") == args]

    def has_reached(self, args):
        return any(self.ids_of(messages, args) for messages in self.read_by_tool())

    def is_cancelled(self, args):
        return any(
            each.get("method") == "notifications/cancelled" and each["params"]["requestId"] in self.ids_of(messages, args)
            for messages in self.read_by_tool()
            for each in messages
        )

    async def observe(self, plan):
        features = {}
        for feature in FEATURES:
            if feature not in plan:
                continue
            try:
                features[feature] = {"said": await asyncio.wait_for(self.take(feature, plan[feature]), 60)}
            except Exception as error:
                features[feature] = {"failed": repr(error)}
        print(json.dumps({"revision": self.revision, "features": features}))


def text_of(result):
    return "\n".join(each.text for each in result.content if each.type == "text")
