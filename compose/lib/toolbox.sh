# toolbox: our own logic runs in a container of the stack, without Docker's socket; what it must know of Docker it is handed.

# What the containers are like, one section after the other; a command that fails says why in its section.
facts() {
  section compose docker compose config --format json
  section ps docker compose ps --all --format json
  section reached docker compose exec -T litellm python3 - <lib/reach.py
  # The tool's own role, past the tool: what the database itself says.
  section write as_role app 'begin read write; create table mcp_verify (id int); rollback'
  section enter as_role litellm 'select 1'
}

section() {
  name=$1
  shift
  # Each section begins on a line of its own, whatever the command before it printed.
  printf '\n### %s\n' "$name"
  "$@" 2>&1 || :
}

as_role() {
  docker compose exec -T -e "SQL=$2" -e "DB=$1" postgres sh -c \
    'PGPASSWORD=$MCP_DB_PASSWORD psql -h 127.0.0.1 -U mcp_reader -d "$DB" -c "$SQL"' </dev/null
}

# What people on the LAN open.
lan_url() {
  scheme=http
  case $(setting COMPOSE_FILE) in *proxy/compose.yaml*) scheme=https ;; esac
  echo "$scheme://$(setting LAN_NAME):$(setting LAN_PORT)"
}

toolbox() {
  docker compose run --rm -T --no-deps toolbox "$@"
}

# Bridges read their configuration at their start only.
restart_changed() {
  [ -s run/restart ] || return 0
  while read -r service; do
    docker compose restart "$service" </dev/null >&2
    docker compose up -d --wait --no-deps "$service" </dev/null >&2
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
