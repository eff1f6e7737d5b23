# reach: how each MCP server of LiteLLM's configuration answers to LiteLLM's own token: one JSON object a line.
# LiteLLM itself says "Successfully retrieved tools" whatever happened.
import json
import os
import urllib.error
import urllib.request

import yaml

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "verify", "version": "1"},
    },
}


def reach(server):
    token = str(server.get("auth_value") or "")
    if token.startswith("os.environ/"):
        token = os.environ.get(token.removeprefix("os.environ/"), "")
    headers = {"Authorization": "Bearer " + token, "Accept": "application/json, text/event-stream"}
    body = None
    if server.get("transport") != "sse":
        headers["Content-Type"] = "application/json"
        body = json.dumps(INITIALIZE).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(server["url"], body, headers), timeout=20) as answer:
            session = answer.headers.get("mcp-session-id")
            # With --compat litellm a bridge refuses with 200 and an error: LiteLLM survives no other status.
            text = answer.read(500).decode(errors="replace") if body else ""
        if session:
            farewell = {**headers, "mcp-session-id": session}
            urllib.request.urlopen(urllib.request.Request(server["url"], None, farewell, method="DELETE"), timeout=20)
        if '"error"' in text:
            return 401 if "token" in text else 502, text
        return 200, ""
    except urllib.error.HTTPError as error:
        return error.code, error.read(200).decode(errors="replace")
    except Exception as error:
        return 0, str(getattr(error, "reason", error))


with open("/app/config.yaml") as file:
    servers = yaml.safe_load(file).get("mcp_servers") or {}
for name, server in servers.items():
    status, reason = reach(server)
    alias = server.get("alias") or name
    print(json.dumps({"alias": alias, "url": server.get("url"), "status": status, "reason": reason}), flush=True)
