# Sourced by ./setup: .env, the tokens of people/ and LiteLLM's configuration; adds, never overwrites.

SECRETS='POSTGRES_PASSWORD LITELLM_DB_PASSWORD APP_DB_PASSWORD MCP_DB_PASSWORD LITELLM_MASTER_KEY LITELLM_SALT_KEY
  DB_TOKEN FETCH_TOKEN FILESYSTEM_TOKEN MEMORY_TOKEN TIME_TOKEN GRAFANA_PASSWORD'

random_secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Those in .env already: a placeholder, or what would break an address of a database, is refused.
check_secrets() {
  for secret in $SECRETS; do
    has_setting "$secret" || continue
    value=$(setting "$secret")
    case $(echo "$value" | tr '[:upper:]' '[:lower:]') in
      '' | *change*me* | *replace* | *placeholder* | *example* | *your*key* | *xxxx* | sk-1234* | *password* | *secret* | *\<* | *...*)
        problem "$secret in .env is empty or a placeholder" "delete its line and run ./setup again: it makes a strong one"
        continue
        ;;
    esac
    case $value in
      *[!A-Za-z0-9._~-]*)
        problem "$secret in .env has characters that do not fit into an address" 'use letters, digits and . _ ~ - only'
        continue
        ;;
    esac
    [ ${#value} -ge 16 ] || problem "$secret in .env is shorter than 16 characters" "delete its line and run ./setup again: it makes a strong one"
    case $secret in
      LITELLM_*_KEY) case $value in sk-*) ;; *) problem "$secret in .env does not begin with sk-" 'LiteLLM takes no other key: put sk- in front' ;; esac ;;
    esac
  done
}

# add NAME VALUE: unless it is there.
add() { has_setting "$1" || printf '%s=%s\n' "$1" "$2" >>.env; }

begin_settings() {
  if [ ! -e .env ]; then
    cat >.env <<'TEXT'
# The operator's own settings, read by docker compose; kept by ./setup, which only adds what is missing. Never commit this file.
# The real model, one of (then docker compose up -d):
#   MODEL=ollama_chat/qwen3             MODEL_API_BASE=http://host.docker.internal:11434
#   MODEL=hosted_vllm/NAME              MODEL_API_BASE=http://ADDRESS/v1   MODEL_API_KEY=...   (any OpenAI-compatible server)
#   MODEL=anthropic/claude-sonnet-4-5   MODEL_API_KEY=...
# LiteLLM is v1.77.3-stable; the other one that is tested, README.md says how to move (back up first):
#   LITELLM_TAG=v1.108.7
TEXT
  fi
  chmod 600 .env
  # A file that an editor left without a newline at its end.
  [ -z "$(tail -c 1 .env)" ] || echo >>.env
}

add_missing_settings() {
  # Who owns what the toolbox writes into this folder.
  add STACK_UID "$(id -u)"
  add STACK_GID "$(id -g)"
  for secret in $SECRETS; do
    case $secret in
      LITELLM_*_KEY) add "$secret" "sk-$(random_secret)" ;;
      *) add "$secret" "$(random_secret)" ;;
    esac
  done
}

alias_of() { case $1 in postgres-mcp) echo db ;; *) echo "$1" ;; esac; }
token_name() { echo "$(alias_of "$1" | tr '[:lower:]' '[:upper:]')_TOKEN"; }

# The folder is closed to other users of this machine, and its files are open: the tools read them as a user that owns nothing here.
write_people() {
  mkdir -p people
  chmod 700 people
  for template in config/people/*.yaml; do
    tool=$(basename "$template" .yaml)
    folder=people/$tool
    mkdir -p "$folder"
    chmod 755 "$folder"
    [ -e "$folder/bridge.yaml" ] || cp "$template" "$folder/bridge.yaml"
    # The line of LiteLLM is the one in .env; those of people stay.
    line=gateway:$(setting "$(token_name "$tool")")
    if ! grep -qx "$line" "$folder/tokens" 2>/dev/null; then
      { echo "$line"; grep -v '^gateway:' "$folder/tokens" 2>/dev/null || true; } >"$folder/tokens.new"
      mv "$folder/tokens.new" "$folder/tokens"
    fi
    chmod 644 "$folder/bridge.yaml" "$folder/tokens"
  done
}

write_litellm_config() {
  [ ! -e config/litellm.yaml ] || return 0
  {
    sed '1s/.*/# LiteLLM'"'"'s settings and tools: made by .\/setup, yours to edit. Then: docker compose restart litellm/' config/litellm.base.yaml
    aliases=db
    case ,$profiles, in *,tools,*) aliases='db fetch filesystem memory time' ;; esac
    for alias in $aliases; do sed 's/^/  /' "config/mcp/$alias.yaml"; done
  } >config/litellm.yaml
  chmod 644 config/litellm.yaml
}
