# Health of LiteLLM: a JSON-RPC ping of its MCP endpoint, which /health/liveliness would not miss, and whether it has its database:
# without it no key is known, and LiteLLM does not start its database engine again when that has died.
import json
import os
import urllib.request

request = urllib.request.Request(
    "http://127.0.0.1:4000/mcp/",
    data=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode(),
    headers={
        "Authorization": "Bearer " + os.environ["LITELLM_MASTER_KEY"],
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    },
)
# JSON of 1.77.3, an event with it of newer ones.
assert b'"result"' in urllib.request.urlopen(request, timeout=15).read()
# Answered with 503 otherwise, which raises.
urllib.request.urlopen("http://127.0.0.1:4000/health/readiness", timeout=15)
