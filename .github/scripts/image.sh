#!/usr/bin/env bash
# Builds an image for amd64 and arm64 with SBOM and provenance, pushes it, and signs what the registry has by its digest.
#
#   image.sh push base         the one that all tools stand on; prints NAME:TAG@DIGEST, and nothing else, on stdout
#   image.sh push TOOL         one of the catalogue; BASE_IMAGE names the base as the line above did
#   image.sh print base|TOOL   what would be built, as JSON; pushes and signs nothing
#
# Reads REGISTRY (ghcr.io/owner/, with the slash at its end), GITHUB_SHA and GITHUB_REPOSITORY.
set -euo pipefail
cd "$(dirname "$0")/../.."

verb=$1 what=$2
# Names of a registry have no capital letters; those of accounts do.
REGISTRY=${REGISTRY,,}
export REGISTRY
# The time in the image is that of the commit: the same commit gives the same layers.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mcp_bridge() { node packages/bridge/bin/mcp-bridge.js "$@"; }

if [ "$what" = base ]; then
  name=$REGISTRY$(mcp_bridge image base --output "$work")
  cat >"$work/docker-bake.json" <<JSON
{
  "target": {
    "default": {
      "context": ".",
      "tags": ["$name"],
      "platforms": ["linux/amd64", "linux/arm64"],
      "attest": ["type=sbom", "type=provenance,mode=max"],
      "labels": {
        "org.opencontainers.image.version": "${name##*:}",
        "org.opencontainers.image.source": "https://github.com/$GITHUB_REPOSITORY",
        "org.opencontainers.image.revision": "$GITHUB_SHA"
      }
    }
  }
}
JSON
  bake=docker-bake.json
else
  mcp_bridge image render "$what" --output "$work" >&2
  bake=docker-bake.hcl
fi

cd "$work"
case $verb in
  print) docker buildx bake --file "$bake" --print && exit ;;
  push) ;;
  *) echo "image.sh: \"$verb\" is neither print nor push" >&2 && exit 2 ;;
esac
docker buildx bake --file "$bake" --push --metadata-file metadata.json >&2
# The one target there is: its name and digest.
image=$(jq -er '[.[] | objects | select(has("containerimage.digest"))] | first | "\(."image.name")@\(."containerimage.digest")"' metadata.json)
cosign sign --yes "$image" >&2
echo "$image"
