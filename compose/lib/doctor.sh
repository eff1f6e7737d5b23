# Sourced by ./doctor: what it looks at. Everything here goes on whatever fails, and what is printed is redacted before anybody sees it.

LOG_LINES=80
# Less is no room for a log, a dump or a page of the database.
DISK_FLOOR_GB=2
MEMORY_FLOOR_MB=400

# wrong: each problem with what to do; nothing if all is well.
wrong() {
  check_docker
  if [ ! -e .env ]; then
    problem 'there is no .env' './setup'
    return 0
  fi
  check_address "$(setting LAN_BIND)"
  check_name "$(setting LAN_NAME)"
  check_port_number "$(setting LAN_PORT)"
  check_secrets
  case $(ls -l .env) in -rw-------*) ;; *) problem 'other users of this machine may read .env' 'chmod 600 .env' ;; esac
  check_memory
  unfinished
  [ "${problems:-0}" -eq 0 ] || [ -n "${engine:-}" ] || return 0
  check_disk
  check_images
  check_containers
  check_working
}

check_memory() {
  free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null) || free=
  [ -z "$free" ] || [ "$free" -ge $MEMORY_FLOOR_MB ] ||
    problem "$free MB of memory are free on this machine" 'end other programs, or run fewer tools: docker stats shows who has how much'
}

unfinished() {
  [ ! -e run/undo/service ] || problem "a change of the tool $(cat run/undo/service) was cut short" './tools update '"$(cat run/undo/service)"', which puts it back first'
  [ ! -s run/unfinished-person ] || problem 'somebody was not let in wholly' './add-user --list, which puts it back'
}

check_images() {
  made_here=$(docker compose --file images/images.yaml config --images 2>/dev/null) || return 0
  missing=
  for image in $made_here; do docker image inspect "$image" >/dev/null 2>&1 || missing="$missing $image"; done
  [ -z "$missing" ] || problem "images are missing:$missing" './build'
}

# What `docker compose ps` does not tell: an end for want of memory, an image that is not the newest of its name.
check_containers() {
  containers_by '{{index .Config.Labels "com.docker.compose.service"}} {{.State.OOMKilled}} {{.Image}} {{.Config.Image}}' |
    while read -r service is_killed image name; do
      [ "$is_killed" != true ] || problem "$service has run out of the memory that it may have" \
        "give it more (mem_limit in docker-compose.override.yml), then: docker compose up -d --wait $service"
      newest=$(docker image inspect --format '{{.Id}}' "$name" 2>/dev/null) || continue
      [ "$newest" = "$image" ] || problem "$service runs an older $name than there is" "docker compose up -d --wait $service"
    done
}

check_working() {
  ./verify >"$work/verify" 2>"$work/complaint" && return 0
  # Each failure with its remedy, and with what it explains.
  if grep -q '^FAILED' "$work/verify"; then grep -v -e '^ok ' -e '^$' "$work/verify"
  else problem "./verify could not ask: $(tail -n 3 "$work/complaint" "$work/verify" | tr '\n' ' ')" 'mend that, and try again'; fi
}

# containers_by FORMAT: of each container of the stack, also of one that has ended; not of a command that runs just now.
containers_by() {
  ids=$(docker compose --profile '*' ps --all --quiet) || return 0
  # shellcheck disable=SC2086 # a list of words
  [ -z "$ids" ] || docker inspect --format "$1" $ids
}

cat_or() { if [ -s "$1" ]; then cat "$1"; else say "$2"; fi; }

# part TITLE COMMAND...: whatever comes of it.
part() {
  printf '\n== %s\n' "$1"
  shift
  "$@" || say "(failed with $?: $*)"
}

all_parts() {
  part 'Versions' versions
  part 'Files that were changed' changed_files
  part 'Machine' machine
  part 'Containers' docker compose --profile '*' ps --all
  part 'Their state' containers_by '{{index .Config.Labels "com.docker.compose.service"}}: {{.State.Status}}{{if .State.Health}}, {{.State.Health.Status}}{{end}}, started {{.State.StartedAt}}, restarts {{.RestartCount}}, last end {{.State.FinishedAt}} with code {{.State.ExitCode}}{{if .State.OOMKilled}}, out of memory{{end}}{{if .State.Error}}, {{.State.Error}}{{end}}
    image {{.Config.Image}} {{.Image}}
    limits {{.HostConfig.Memory}} bytes, {{.HostConfig.NanoCpus}} nano-CPUs, {{.HostConfig.PidsLimit}} processes; networks{{range $name, $_ := .NetworkSettings.Networks}} {{$name}}{{end}}; mounts{{range .Mounts}} {{.Destination}}{{end}}
    variables{{range .Config.Env}} {{index (split . "=") 0}}{{end}}'
  part 'Readiness: the last answers of each health check' containers_by '{{index .Config.Labels "com.docker.compose.service"}}:{{if .State.Health}}{{range .State.Health.Log}}
    {{.Start.UTC.Format "15:04:05"}} code {{.ExitCode}} {{json .Output}}{{end}}{{end}}'
  part 'What they use' usage_of_containers
  part 'What Docker holds' docker system df
  part 'Settings of .env' settings_of_env
  for file in config/litellm.yaml people/*/bridge.yaml; do
    [ ! -r "$file" ] || part "$file" settings_of "$file"
  done
  part './verify' cat_or "$work/verify" '(was not asked)'
  for service in $(docker compose --profile '*' ps --all --services 2>/dev/null); do
    part "Log of $service" log_of "$service"
  done
}

# Without the sessions, of which every call of LiteLLM is one.
log_of() {
  docker compose logs --no-color --no-log-prefix --timestamps --tail 500 "$1" | grep -v '"msg":"session \(opened\|closed\)"' | tail -n $LOG_LINES
}

versions() {
  say "stack: $(git describe --always --tags --dirty 2>/dev/null || echo 'no checkout of git') "
  docker version --format 'engine: {{.Server.Version}} ({{.Server.Os}}/{{.Server.Arch}}), client: {{.Client.Version}}'
  say "compose: $(docker compose version --short)"
  docker info --format 'storage: {{.Driver}}, cgroups {{.CgroupVersion}}, {{.OperatingSystem}}, kernel {{.KernelVersion}}'
  # The version of the tool, and which build of it.
  docker compose --profile '*' config --images | sort -u |
    while read -r image; do
      docker image inspect --format "image: $image{{with .Config.Labels}} {{index . \"org.opencontainers.image.version\"}}{{end}}, made {{.Created}}" "$image" 2>/dev/null ||
        say "image: $image is not here"
    done
}

# Those of the checkout, by name only; which files of Compose are used is in COMPOSE_FILE.
changed_files() {
  git status --short -- . 2>/dev/null || say 'no checkout of git'
  ls -d docker-compose.override.y*ml added/* 2>/dev/null || :
}

machine() {
  say "processors: $(getconf _NPROCESSORS_ONLN), load $(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null)"
  grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo 2>/dev/null || :
  root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) || root=
  # shellcheck disable=SC2086 # a word or none
  df -Ph . $([ ! -d "$root" ] || echo "$root") 2>/dev/null || df -Ph .
}

usage_of_containers() {
  ids=$(docker compose ps --quiet) || return
  # shellcheck disable=SC2086 # a list of words
  [ -z "$ids" ] || docker stats --no-stream --format 'table {{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.PIDs}}' $ids
}

settings_of_env() {
  if [ ! -r .env ]; then say 'there is none'; return 0; fi
  LC_ALL=C awk -v public="$PUBLIC_SETTINGS" -v show=yes -f lib/env.awk .env
}

settings_of() { LC_ALL=C awk -v public="$PUBLIC_KEYS" -v show=yes -f lib/settings.awk "$1"; }
