# Sourced by ./tools: what Docker must do for a tool that comes, changes or goes.

# The toolbox changes the files, and writes down for us what is left to do: "service git", "image mcp-bridge/git:1-abc".
hand_over() {
  {
    section compose docker compose config --format json
    # What does not run has its name, and its image, too.
    case $1 in add | needed) section all docker compose --profile '*' config --format json ;; esac
    section ps docker compose ps --all --format json
    section env printf '%s\n' "${variables:-}"
  } | toolbox_with_ca tools "$@"
}

ordered() { sed -n "s/^$1 //p" run/orders 2>/dev/null || :; }

# A site's own CA, for those who ask a registry of packages which versions there are.
toolbox_with_ca() {
  if [ -n "${BUILD_CA:-}" ]; then
    toolbox_run -v "$BUILD_CA:/run/ca.pem:ro" -e NODE_EXTRA_CA_CERTS=/run/ca.pem \
      -e SSL_CERT_FILE=/run/ca.pem toolbox "$@"
  else
    toolbox "$@"
  fi
}

# add SOURCE ...: what --env says goes to the toolbox beside its arguments, which `ps` and `docker inspect` show.
add() {
  variables=
  left=$#
  while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $word in
      --env)
        [ "$left" -gt 0 ] || die '--env names no variable' './tools add SOURCE --env NAME'
        read_variable "$1"
        shift
        left=$((left - 1))
        set -- "$@" --env "$name"
        ;;
      --env=*)
        read_variable "${word#--env=}"
        set -- "$@" --env "$name"
        ;;
      --)
        # All that follows is the tool's own.
        set -- "$@" --
        while [ "$left" -gt 0 ]; do
          word=$1
          shift
          left=$((left - 1))
          set -- "$@" "$word"
        done
        ;;
      *) set -- "$@" "$word" ;;
    esac
  done
  change add "$@"
}

# read_variable NAME|NAME=VALUE: sets $name, and adds a line to $variables.
read_variable() {
  name=${1%%=*}
  case $name in '' | [0-9]* | *[!A-Za-z0-9_]*) die "\"$name\" is no name of a variable" 'write --env NAME' ;; esac
  case $1 in
    *=*) value=${1#*=} ;;
    *) value=$(printenv "$name" || ask_for "$name") ;;
  esac
  case $value in *"
"*) die "$name has a line break, which .env cannot hold" 'write it in one line' ;; esac
  variables="$variables
$name=$value"
}

ask_for() {
  [ -t 0 ] || die "$1 is not in the environment" "export $1=... first, or add the tool at a terminal, which asks for it"
  printf '%s: ' "$1" >&2
  stty -echo
  read -r answer || :
  stty echo
  echo >&2
  printf '%s\n' "$answer"
}

# change add|update|rollback ...: verified, or put back.
change() {
  begin
  hand_over "$@" || give_up $?
  service=$(ordered service)
  [ -n "$service" ] || { finish; return; }
  step=$(ordered step)
  image=$(ordered image)
  failed=
  build || failed='cannot be built'
  [ -n "$failed" ] || start || failed='does not start'
  [ -n "$failed" ] || ./verify --only "$service" --no-outside || failed='does not pass its verification'
  if [ -n "$failed" ]; then
    [ "$failed" = 'cannot be built' ] || last_words "$service" >&2
    say "$service $failed: see above." >&2
    give_up 1
  fi
  finish
  say "$service runs: ${image:-as docker-compose.yml has it}${step:+ ($step)}"
  [ "$1" != add ] || hand_over access "$service" || :
}

# remove SERVICE [--volumes]
remove() {
  begin
  hand_over remove "${1:-}" || give_up $?
  service=$(ordered service)
  leave
  finish
  if [ "${2:-}" = --volumes ]; then project_volumes | grep -E "_$service-[0-9]+$" | remove_each volume; fi
  say "$service is gone. Its images are kept: ./tools prune"
  project_volumes | grep -E "_$service-[0-9]+$" | sed "s/^/What it has stored is kept: docker volume rm /" || :
}

# Which tools are behind is shown first; each is a change of its own.
update_all() {
  trap 'exit 130' INT TERM HUP
  hand_over outdated
  behind=$(ordered update)
  failed=$(ordered unknown)
  # Lets go: each of them is a change of its own.
  exec 9>&-
  done=
  for each in $behind; do
    if ./tools update "$each"; then done="$done $each"; else failed="$failed $each"; fi
  done
  [ -z "$done" ] || say "updated:$done"
  [ -n "$behind$failed" ] || say 'all tools are at their newest version'
  # shellcheck disable=SC2086 # a list of services, one a line or not
  [ -z "$failed" ] || die "not updated: $(echo $failed)" 'see above; what ran before runs'
}

# begin: from here on, until `finish`, an end of any kind puts everything back; a change that was killed is put back first.
begin() {
  if [ -e run/undo/service ]; then
    say "the last change, of $(cat run/undo/service), was cut short" >&2
    put_back
  fi
  mkdir -p run
  project_volumes >run/volumes-before
  docker image ls --format '{{.Repository}}:{{.Tag}}' >run/images-before
  trap 'trap "" INT TERM HUP; end_toolbox; give_up 130' INT TERM HUP
}

finish() {
  rm -rf run/undo
  trap - INT TERM HUP
}

# give_up CODE: ends with it, after putting back what has changed.
give_up() {
  [ ! -e run/undo/service ] || put_back
  exit "$1"
}

# Goes on whatever fails: the rest is to be put back, too.
put_back() {
  set +e
  image=$(ordered image)
  hand_over undo
  service=$(ordered service)
  [ -n "$service" ] || return
  # Anew, whatever Compose thinks: a folder that was removed meanwhile is still mounted in it.
  if known; then
    docker compose up -d --force-recreate --no-deps "$service" && comes_up "$service"
    docker compose up -d --wait litellm
  else
    leave
  fi
  project_volumes | new_since run/volumes-before | remove_each volume
  if [ -n "$image" ] && ! grep -qxF "$image" run/images-before; then docker image rm "$image" >/dev/null 2>&1; fi
  say 'Everything is put back as it was.' >&2
  set -e
}

# One that is rolled back is still there. The label is for `prune`.
build() {
  [ -n "$image" ] || return 0
  ! docker image inspect "$image" >/dev/null 2>&1 || return 0
  say "building $image" >&2
  bases=$(base_arguments) || return 1
  # shellcheck disable=SC2086 # a list of words
  docker build --quiet $bases ${BUILD_CA:+--secret "id=ca,src=$BUILD_CA"} --label "mcp-bridge.stack=$project" \
    --tag "$image" "added/$service" >/dev/null
}

# LiteLLM is made anew only if it has another network or token now: it reads its configuration, and its environment, at its start.
start() {
  say "starting $service" >&2
  docker compose up -d "$service" && comes_up "$service" && docker compose up -d --wait litellm
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

# Images that this command has built for this stack, and old ones of the toolbox. What a container has, Docker keeps itself.
prune() {
  hand_over needed
  ordered image >run/images-needed
  sizes=$(docker system df --verbose --format '{{range .Images}}{{println .ID .UniqueSize}}{{end}}')
  {
    docker image ls --no-trunc --filter "label=mcp-bridge.stack=$project" --format '{{.Repository}}:{{.Tag}} {{.ID}}'
    docker image ls --no-trunc --filter label=mcp-bridge.toolbox --filter dangling=true --format '{{.ID}} {{.ID}}'
  } | while read -r name id; do
    ! grep -qxF "$name" run/images-needed || continue
    docker image rm "$name" >/dev/null 2>&1 || continue
    size=$(echo "$sizes" | awk -v id="$id" '$1 == id { print $2 }')
    say "removed $name ($size of its own)"
  done >run/pruned
  cat run/pruned
  say "$(awk '/ of its own/ { n++; size = $3; sub(/^\(/, "", size)
    unit = size ~ /GB$/ ? 1000 : size ~ /MB$/ ? 1 : size ~ /kB$/ ? 0.001 : 0.000001; sum += size * unit }
    END { printf "%d images removed, %.0f MB", n, sum }' run/pruned). What Docker keeps for its next builds: docker builder prune"
}

project_volumes() {
  docker volume ls --quiet --filter "label=com.docker.compose.project=$project"
}
