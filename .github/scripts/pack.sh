#!/usr/bin/env bash
# Everything that a release publishes of the package, in one folder: its tarball, server.json, and the SHA-256 of both.
#
#   pack.sh OUTPUT        reads GITHUB_REPOSITORY and GITHUB_REF_NAME
set -euo pipefail
cd "$(dirname "$0")/../.."

output=$1
mkdir -p "$output"
version=$(node .github/scripts/release.mjs check "$GITHUB_REF_NAME")
node .github/scripts/release.mjs address "$GITHUB_REPOSITORY"
node .github/scripts/release.mjs server-json >"$output/server.json"
# pnpm writes the versions of the catalogue into the package; npm would leave `catalog:` there.
node_modules/.bin/pnpm --dir packages/bridge pack --out "$(realpath "$output")/mcp-bridge-$version.tgz" >/dev/null
(cd "$output" && sha256sum "mcp-bridge-$version.tgz" server.json >SHA256SUMS)
