#!/usr/bin/env bash
# A Docker engine from Debian packages, unpacked beside the machine's own, for machines without one.
#
#   engine.sh start      an engine that already answers is used; otherwise one is unpacked and started
#   engine.sh env        the exports that reach it: eval "$(test/containers/engine.sh env)"
#   engine.sh status     exit code 0 while it answers
#   engine.sh network    what an engine leaves on the host: rules, bridges, forwarding; compare before and after
#   engine.sh stop       ends our engine with its containers and takes away what it left; another's is left alone
#
# MCP_BRIDGE_ENGINE names the folder of packages, images and sockets (default: mcp-bridge-engine in the temp folder).
set -euo pipefail

STATE=${MCP_BRIDGE_ENGINE:-${TMPDIR:-/tmp}/mcp-bridge-engine}
SUITE=trixie
PACKAGES="docker.io docker-cli containerd tini docker-compose docker-buildx"
ENGINE=$STATE/engine
RUN=$STATE/run
SOCKET=$RUN/docker.sock

say() { printf '[engine] %s\n' "$*" >&2; }

# Without the packages' own client, an engine of the machine counts only if it is complete.
machine_has_engine() {
  command -v docker >/dev/null &&
    docker version --format '{{.Server.Version}}' >/dev/null 2>&1 &&
    docker compose version >/dev/null 2>&1 &&
    docker buildx version >/dev/null 2>&1
}

answers() { DOCKER_HOST=unix://$SOCKET "$ENGINE/usr/bin/docker" version --format '{{.Server.Version}}' >/dev/null 2>&1; }
is_alive() { [ -s "$RUN/docker.pid" ] && kill -0 "$(cat "$RUN/docker.pid")" 2>/dev/null; }

debian_mirror() {
  [ -n "${DEBIAN_MIRROR:-}" ] && { echo "$DEBIAN_MIRROR"; return; }
  # No pipe into head: apt would die of SIGPIPE under pipefail.
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | awk '/\/debian\/?$/ && !seen { print; seen = 1 }'
}

# runc and iptables must match the machine's libc, so they come from its own suite.
install_host_packages() {
  local missing=()
  command -v runc >/dev/null || missing+=(runc)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v ip >/dev/null || missing+=(iproute2)
  [ ${#missing[@]} -eq 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  say "installed ${missing[*]}"
}

# A private apt tree: the machine's own package lists and versions stay as they are.
unpack_engine() {
  [ -e "$ENGINE/.complete" ] && return
  local apt=$STATE/apt debs=$STATE/debs mirror deb
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || { say "no Debian mirror known: set DEBIAN_MIRROR"; exit 1; }
  rm -rf "$apt" "$debs" "$ENGINE"
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,parts} "$debs" "$ENGINE"
  chmod 777 "$debs"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $SUITE main" >"$apt/sources.list"
  cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Translations::DefaultEnabled "false";
CONF
  APT_CONFIG=$apt/apt.conf apt-get update -qq
  # shellcheck disable=SC2086 # a list of names
  (cd "$debs" && APT_CONFIG=$apt/apt.conf apt-get download -qq $PACKAGES)
  for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$ENGINE"; done
  rm -rf "$apt" "$debs"
  touch "$ENGINE/.complete"
  say "unpacked $PACKAGES"
}

# An own client configuration: no credentials and proxies of the machine get into builds.
write_client_config() {
  mkdir -p "$STATE/client/cli-plugins" "$RUN"
  ln -sfn "$ENGINE/usr/libexec/docker/cli-plugins/docker-compose" "$STATE/client/cli-plugins/docker-compose"
  ln -sfn "$ENGINE/usr/libexec/docker/cli-plugins/docker-buildx" "$STATE/client/cli-plugins/docker-buildx"
  [ -e "$STATE/client/config.json" ] || echo '{}' >"$STATE/client/config.json"
}

remember_forwarding() {
  cat /proc/sys/net/ipv4/ip_forward >"$STATE/ip_forward"
  iptables -S FORWARD 2>/dev/null | awk '/^-P/ { print $3 }' >"$STATE/forward_policy"
}

start() {
  mkdir -p "$STATE"
  exec 9>"$STATE/lock"
  flock 9
  if ! is_alive && machine_has_engine; then
    rm -f "$STATE/ours"
    say "the machine's own engine answers"
    return
  fi
  install_host_packages
  unpack_engine
  write_client_config
  if is_alive && answers; then
    say "already up"
    return
  fi
  remember_forwarding
  touch "$STATE/ours"
  rm -f "$RUN/docker.pid"
  mkdir -p "$STATE/data"
  # --ip: a port published without an address is not open to the network. The lock's descriptor stays with us.
  PATH=$ENGINE/usr/bin:$ENGINE/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    setsid nohup "$ENGINE/usr/sbin/dockerd" --host "unix://$SOCKET" --group root \
    --data-root "$STATE/data" --exec-root "$RUN/exec" --pidfile "$RUN/docker.pid" \
    --storage-driver overlay2 --ip 127.0.0.1 --log-level warn \
    </dev/null >"$RUN/dockerd.log" 2>&1 9>&- &
  local pid=$! tries=0
  until answers; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 "$pid" 2>/dev/null; then
      tail -30 "$RUN/dockerd.log" >&2
      say "dockerd did not start"
      exit 1
    fi
    sleep 0.2
  done
  say "dockerd is up (pid $pid)"
}

print_env() {
  [ -e "$STATE/ours" ] || return 0
  cat <<ENV
export DOCKER_HOST=unix://$SOCKET DOCKER_CONFIG=$STATE/client DOCKER_BUILDKIT=1
case ":\$PATH:" in *":$ENGINE/usr/bin:"*) ;; *) export PATH="$ENGINE/usr/bin:\$PATH" ;; esac
ENV
}

status() {
  if [ -e "$STATE/ours" ]; then answers; else machine_has_engine; fi
}

# Sorted and without counters, so that two prints of the same state are equal.
print_network() {
  local tool table
  for tool in iptables ip6tables; do
    command -v "$tool" >/dev/null || continue
    for table in filter nat mangle raw; do
      "$tool" -t "$table" -S 2>/dev/null | { grep -v -- '^-P [A-Z]* ACCEPT$' || true; } | sed "s/^/$tool $table /"
    done
  done
  find /sys/class/net -maxdepth 1 \( -name 'docker*' -o -name 'br-*' -o -name 'veth*' \) -printf 'link %f\n' | sort
  echo "ip_forward $(cat /proc/sys/net/ipv4/ip_forward)"
}

delete_rules() {
  local tool table rule chain
  for tool in iptables ip6tables; do
    command -v "$tool" >/dev/null || continue
    for table in filter nat raw; do
      # Rules first: a chain that is still jumped to cannot be deleted. eval: a rule may hold a quoted comment.
      "$tool" -t "$table" -S 2>/dev/null | grep -E '^-A' | grep -vE '^-A DOCKER' |
        grep -E -- '-j DOCKER| docker0 | br-[0-9a-f]{12} |-s 172\.(1[6-9]|2[0-9]|3[01])\..*MASQUERADE|-s 192\.168\..*MASQUERADE' |
        sed 's/^-A/-D/' | while read -r rule; do eval "$tool -t $table $rule" || true; done || true
      for chain in $("$tool" -t "$table" -S 2>/dev/null | awk '/^-N DOCKER/ { print $2 }'); do "$tool" -t "$table" -F "$chain"; done
      for chain in $("$tool" -t "$table" -S 2>/dev/null | awk '/^-N DOCKER/ { print $2 }'); do "$tool" -t "$table" -X "$chain"; done
    done
  done
}

stop() {
  [ -e "$STATE/ours" ] || { say "not ours: left alone"; return; }
  local pid file bridges=() bridge
  if answers; then
    mapfile -t bridges < <(DOCKER_HOST=unix://$SOCKET "$ENGINE/usr/bin/docker" network ls --filter driver=bridge --no-trunc --format '{{.ID}}' | cut -c1-12 | sed 's/^/br-/')
  fi
  # containerd is dockerd's child and ends with it, unless dockerd was killed.
  for file in "$RUN/docker.pid" "$RUN/exec/containerd/containerd.pid"; do
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    kill -TERM "$pid" 2>/dev/null || continue
    timeout 120 tail --pid="$pid" -f /dev/null || { say "pid $pid does not end"; exit 1; }
  done
  rm -f "$RUN/docker.pid"
  delete_rules
  for bridge in docker0 "${bridges[@]}"; do ip link delete "$bridge" 2>/dev/null || true; done
  [ -s "$STATE/forward_policy" ] && iptables -P FORWARD "$(cat "$STATE/forward_policy")"
  cat "$STATE/ip_forward" >/proc/sys/net/ipv4/ip_forward
  rm -f "$STATE/ours"
  say "stopped"
}

case ${1:-} in
  start | stop | status) "$1" ;;
  env) print_env ;;
  network) print_network ;;
  *)
    echo "usage: $0 start|env|status|network|stop" >&2
    exit 2
    ;;
esac
