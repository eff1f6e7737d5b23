#!/bin/sh
# install.sh FOLDER: the LiteLLM proxy of pins.txt in a virtual environment; nothing to do if it is there already.
set -e
here=$(dirname "$(readlink -f "$0")")
if [ ! -f "$1/complete" ] || ! cmp -s "$1/complete" "$here/pins.txt"; then
  python3 -m venv --clear "$1"
  "$1/bin/pip" install --quiet --disable-pip-version-check -r "$here/pins.txt"
  # With the wrong pydantic it would start without MCP and call itself healthy.
  "$1/bin/python" -c 'import litellm.proxy._experimental.mcp_server.server as s; assert s.MCP_AVAILABLE'
  cp "$here/pins.txt" "$1/complete"
fi
