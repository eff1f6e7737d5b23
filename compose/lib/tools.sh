# Sourced by ./tools: what Docker must do for a tool that comes, changes or goes.

# The toolbox changes the files, and writes down for us what is left to do: "service git", "image mcp-bridge/git:1-abc".
hand_over() {
  {
    section compose docker compose config --format json
    # What does not run has its name, too.
    [ "$1" != add ] || section all docker compose --profile '*' config --format json
    section ps docker compose ps --all --format json
  } | toolbox_with_ca tools "$@"
}

ordered() { sed -n "s/^$1 //p" run/orders 2>/dev/null; }

# A site's own CA, for those who ask a registry of packages which versions there are.
toolbox_with_ca() {
  if [ -n "${BUILD_CA:-}" ]; then
    docker compose run --rm -T --no-deps -v "$BUILD_CA:/run/ca.pem:ro" -e NODE_EXTRA_CA_CERTS=/run/ca.pem \
      -e SSL_CERT_FILE=/run/ca.pem toolbox "$@"
  else
    toolbox "$@"
  fi
}

# One that is rolled back is still there.
build() {
  [ -n "$image" ] || return 0
  ! docker image inspect "$image" >/dev/null 2>&1 || return 0
  docker build --quiet ${BUILD_CA:+--secret "id=ca,src=$BUILD_CA"} \
    --tag "$image" "added/$service" >&2
}

# LiteLLM is made anew if it has another network or token now, and reads its configuration then.
start() {
  docker compose up -d --wait "$service" && docker compose up -d --wait litellm
}

# Of a tool that is in no file any more: its container, LiteLLM's way to it, its network.
leave() {
  docker ps --all --quiet --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$service" | remove_each container --force
  docker compose up -d --wait litellm
  docker network ls --quiet --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.network=tool-$service" | remove_each network
}

known() { docker compose config --services | grep -qx "$service"; }

project_volumes() {
  docker volume ls --quiet --filter "label=com.docker.compose.project=$project"
}

# new_since LIST: of the lines of stdin those that are not in it.
new_since() {
  while read -r each; do
    echo "$1" | grep -qxF "$each" || echo "$each"
  done
}

# remove_each KIND [OPTION]: what stdin names, one a line.
remove_each() {
  kind=$1
  option=${2:-}
  while read -r each; do docker "$kind" rm $option "$each" >/dev/null; done
}
