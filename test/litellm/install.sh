#!/bin/sh
# install.sh FOLDER VERSION: the LiteLLM proxy of the stack's image of that version in the virtual environment FOLDER/VERSION;
# nothing to do if it is there already.
set -e
pins=$(dirname "$(readlink -f "$0")")/../../compose/local-images/litellm/$2.txt
mkdir -p "$1"
# Test files run side by side: one installs, and the others find it done.
exec 9>"$1/lock"
flock 9
venv=$1/$2
if [ ! -f "$venv/complete" ] || ! cmp -s "$venv/complete" "$pins"; then
  # A tenth of pip's time, which counts for two versions. It reads none of pip's variables.
  [ -x "$1/uv/bin/uv" ] || { python3 -m venv "$1/uv" && "$1/uv/bin/pip" install --quiet --disable-pip-version-check uv; }
  [ -z "$PIP_INDEX_URL" ] || export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
  [ -z "$PIP_CERT" ] || export SSL_CERT_FILE="$PIP_CERT"
  python3 -m venv --clear "$venv"
  "$1/uv/bin/uv" pip install --quiet --cache-dir "$1/cache" --python "$venv/bin/python" --requirement "$pins"
  # With the wrong pydantic it would start without MCP and call itself healthy.
  LITELLM_LOCAL_MODEL_COST_MAP=True "$venv/bin/python" -c 'import litellm.proxy._experimental.mcp_server.server as s; assert s.MCP_AVAILABLE'
  cp "$pins" "$venv/complete"
fi
