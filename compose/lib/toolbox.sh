# toolbox: our own logic runs in a container of the stack, without Docker's socket; what it must know of Docker it is handed.

# What the containers are like, one section after the other; a command that fails says why in its section.
facts() {
  section compose docker compose config --format json
  section ps containers
  for service in $(unwell); do
    section "log-$service" docker compose logs --no-log-prefix --no-color --tail 40 "$service"
  done
  section reached docker compose exec -T litellm python3 - <lib/reach.py
  section login-litellm as_role litellm litellm LITELLM_DB_PASSWORD 'select 1'
  # The tool's own role, past the tool: what the database itself says.
  section login-mcp_reader as_role mcp_reader app MCP_DB_PASSWORD 'select 1'
  section write as_role mcp_reader app MCP_DB_PASSWORD 'begin read write; create table mcp_verify (id int); rollback'
  section enter as_role mcp_reader litellm MCP_DB_PASSWORD 'select 1'
  section outside ways_out
}

# `ps` says neither why a container did not start, nor how often it ended.
containers() {
  ids=$(docker compose ps --all --quiet) || return
  [ -z "$ids" ] || docker inspect --format '{"Service":{{json (index .Config.Labels "com.docker.compose.service")}},"State":{{json .State.Status}},"Health":{{if .State.Health}}{{json .State.Health.Status}}{{else if .Config.Healthcheck}}"starting"{{else}}""{{end}},"ExitCode":{{.State.ExitCode}},"Error":{{json .State.Error}},"Restarts":{{.RestartCount}}}' $ids
}

unwell() { containers 2>/dev/null | sed -n '/"Health":"healthy"/!s/.*"Service":"\([^"]*\)".*/\1/p'; }

# How each tool with a way out gets out. VERIFY_OUTSIDE, here or in .env, is the address that is asked for, or none.
ways_out() {
  target=${VERIFY_OUTSIDE:-$(setting VERIFY_OUTSIDE)}
  [ "$target" != none ] || { echo none; return; }
  project=$(project_name)
  docker ps --filter "network=${project}_way-out" --format '{{.Label "com.docker.compose.service"}}' | grep -vx egress |
    while read -r service; do
      docker compose exec -T "$service" /opt/mcp-bridge/bin/node - "${target:-https://example.com/}" "$service" <lib/outside.cjs
    done
}

section() {
  name=$1
  shift
  # Each section begins on a line of its own, whatever the command before it printed.
  printf '\n### %s\n' "$name"
  # What it complains about belongs to it only if it fails: a warning is no part of JSON.
  { complaint=$("$@" 2>&1 >&3 3>&-) || printf '%s\n' "$complaint"; } 3>&1
}

# as_role ROLE DATABASE PASSWORD_VARIABLE SQL: over the network, where the password is asked for.
as_role() {
  docker compose exec -T -e "ROLE=$1" -e "DB=$2" -e "SQL=$4" postgres sh -c \
    "PGPASSWORD=\$$3 psql -h postgres -U \"\$ROLE\" -d \"\$DB\" -c \"\$SQL\"" </dev/null
}

# What people on the LAN open.
lan_url() {
  scheme=http
  case $(setting COMPOSE_FILE) in *proxy/compose.yaml*) scheme=https ;; esac
  echo "$scheme://$(setting LAN_NAME):$(setting LAN_PORT)"
}

# toolbox_run [OPTION...] toolbox COMMAND...
toolbox_run() { docker compose run --rm -T --no-deps --label "mcp-bridge.run=$$" "$@"; }

toolbox() { toolbox_run toolbox "$@"; }

# Docker goes on with what its client was stopped in: what this script has started must not change a file any more.
end_toolbox() {
  docker ps --all --quiet --filter "label=mcp-bridge.run=$$" | while read -r each; do
    # One that ends just now is being removed already.
    docker rm --force "$each" >/dev/null 2>&1 || :
  done
}

# Bridges read their configuration at their start only.
restart_changed() {
  [ -s run/restart ] || return 0
  while read -r service; do
    docker compose restart "$service" </dev/null >&2 &&
      docker compose up -d --wait --no-deps "$service" </dev/null >&2 || return 1
  done <run/restart
  rm -f run/restart
}

# The same logic outside the stack's networks: it comes in by the published port, as people do.
from_lan() {
  from_key=$1
  shift
  image=$(docker compose --profile toolbox config --images toolbox)
  mkdir -p run
  # The proxy's certificate is signed by an authority of its own.
  docker compose exec -T caddy cat /data/caddy/pki/authorities/local/root.crt </dev/null >run/ca.crt 2>/dev/null || : >run/ca.crt
  LITELLM_KEY=$from_key docker run --rm --interactive --user "$(setting STACK_UID):$(setting STACK_GID)" \
    --read-only --cap-drop ALL --security-opt no-new-privileges ${VERIFY_DOCKER_OPTIONS:-} \
    --env LITELLM_KEY --env NODE_EXTRA_CA_CERTS=/stack/run/ca.crt --volume "$PWD:/stack:ro" "$image" "$@"
}
