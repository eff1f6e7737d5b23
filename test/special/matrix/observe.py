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
            # What is sent now is sent before the client leaves.
            await self.names()
            return "cancelled" if call.cancelled() else "answered"
        return await self.call(name, args)

    def has_reached(self, args):
        """Whether the tool has read the call that has these numbers."""
        lines = [line for file in pathlib.Path(self.folder).iterdir() for line in file.read_text().splitlines()]
        return any(all(str(value) in line for value in args.values()) for line in lines)

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
