# Sourced by ./doctor: what is secret in this stack, and how it is taken out of a text.

# Settings of .env, and variables of containers, that everybody may read. All others are secret.
PUBLIC_SETTINGS='LAN_BIND LAN_PORT LAN_NAME COMPOSE_PROFILES COMPOSE_FILE COMPOSE_PROJECT_NAME STACK_UID STACK_GID LITELLM_TAG
  MODEL MODEL_API_BASE EGRESS_ALLOW VERIFY_OUTSIDE STORE_MODEL_IN_DB LITELLM_LOCAL_MODEL_COST_MAP LITELLM_URL MCP_STACK
  MCP_BRIDGE_CONFIG MCP_BRIDGE_TOKEN_FILE MCP_BRIDGE_CHILDREN MCP_BRIDGE_COMPAT MCP_BRIDGE_METRICS GRAFANA_BIND GRAFANA_PORT
  HTTP_PROXY HTTPS_PROXY NO_PROXY'

# The same of config/litellm.yaml and people/TOOL/bridge.yaml.
PUBLIC_KEYS='model_list model_name litellm_params model api_base litellm_settings telemetry general_settings mcp_servers alias url
  transport auth_type description access_groups allow_all_keys timeout clients tools-allow tools-deny read-only'

# known_secrets: what it is, a tab and the value on each line; there is always one.
known_secrets() {
  printf 'nothing\t\n'
  [ ! -r .env ] || LC_ALL=C awk -v public="$PUBLIC_SETTINGS" -f lib/env.awk .env
  for file in people/*/tokens; do
    [ ! -r "$file" ] || LC_ALL=C awk -v tool="$(basename "$(dirname "$file")")" '/^[ \t]*(#|$)/ { next } {
      at = index($0, ":")
      who = substr($0, 1, at - 1)
      print "token-of-" tool "\t" substr($0, at + 1)
      if (who != "" && who != "gateway") print "person\t" who
    }' "$file"
  done
  for file in config/litellm.yaml people/*/bridge.yaml; do
    [ ! -r "$file" ] || LC_ALL=C awk -v public="$PUBLIC_KEYS" -f lib/settings.awk "$file"
  done
  secrets_of_containers 2>/dev/null || :
}

# What was given to the containers that are there, by files of Compose that somebody wrote or by hand, beyond what their images have.
secrets_of_containers() {
  ids=$(docker compose --profile '*' ps --all --quiet)
  [ -n "$ids" ] || return 0
  # shellcheck disable=SC2086 # a list of words
  docker inspect --format '{{.Image}}' $ids | sort -u |
    xargs docker image inspect --format '{{range .Config.Env}}{{println .}}{{end}}' | sort -u >"$work/variables-of-images"
  # shellcheck disable=SC2086
  docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' $ids | sort -u | grep -vxF -f "$work/variables-of-images" |
    LC_ALL=C awk -v public="$PUBLIC_SETTINGS" -f lib/env.awk
  # shellcheck disable=SC2086
  docker inspect --format '{{range .Args}}{{println .}}{{end}}' $ids | LC_ALL=C awk '
    option != "" && !/^-/ { print option "\t" $0 }
    { option = "" }
    /^--?[A-Za-z0-9-]*([Kk]ey|[Tt]oken|[Ss]ecret|[Pp]ass|[Aa]uth)/ { option = $0; at = index($0, "=")
      if (at) { print substr($0, 1, at - 1) "\t" substr($0, at + 1); option = "" } }'
}

# redact SECRETS: from stdin to stdout.
redact() { LC_ALL=C awk -f lib/redact.awk "$1" - | LC_ALL=C sed -E -f lib/redact.sed; }

# leaks SECRETS FILE: the names of known secrets that stand in the file all the same.
leaks() {
  LC_ALL=C awk 'FNR == NR { at = index($0, "\t"); name[substr($0, at + 1)] = substr($0, 1, at - 1); next }
    { for (each in name) if (length(each) >= 8 && index($0, each)) print name[each] }' "$1" "$2" | sort -u
}
