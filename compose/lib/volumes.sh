# Sourced by ./backup and ./restore: the volumes of the stack, and how to get at one.

project=$(project_name)
[ -n "$project" ] || die 'docker compose cannot read its files' 'docker compose config says why'

is_healthy() { docker compose ps --format '{{.Health}}' "$1" 2>/dev/null | grep -qx healthy; }

# All volumes but that of PostgreSQL, which is dumped instead, and the past of the metrics, by the names they have in the compose files.
tool_volumes() { docker compose --profile '*' config --volumes | grep -vx -e postgres -e prometheus; }

# The service that has the volume mounted; nothing where its profile is off.
service_of() {
  docker ps --all --filter "volume=${project}_$1" --filter "label=com.docker.compose.project=$project" \
    --format '{{.Label "com.docker.compose.service"}}' | head -n 1
}

# in_volume VOLUME ro|rw COMMAND...: with the volume at /volume. PostgreSQL's image is always there, and has tar.
in_volume() {
  volume=$1 mode=$2 program=$3
  shift 3
  docker run --rm --interactive --network none --user 0:0 --read-only --cap-drop ALL \
    --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER --security-opt no-new-privileges:true \
    --volume "${project}_$volume:/volume:$mode" --entrypoint "$program" postgres:16 "$@"
}
