# Sourced by ./setup: what this machine must be and have.

# Older ones do not know `!reset` in a file, or `start_interval` of a health check.
COMPOSE_FLOOR=2.24
ENGINE_FLOOR=25.0
DISK_FLOOR_GB=6

# is_older VERSION FLOOR: by their first two numbers.
is_older() {
  awk -v have="$1" -v want="$2" 'BEGIN {
    split(have, h, /[^0-9]+/); split(want, w, /[^0-9]+/)
    exit !(h[1] < w[1] || (h[1] == w[1] && h[2] < w[2]))
  }'
}

check_docker() {
  if ! command -v docker >/dev/null; then
    problem 'docker is not installed' 'install Docker Engine with the Compose plugin: https://docs.docker.com/engine/install/'
    return
  fi
  engine=$(docker version --format '{{.Server.Version}}' 2>/dev/null) || engine=
  if [ -z "$engine" ]; then
    problem 'the Docker engine does not answer' 'start it, and let this user use it (group docker); `docker version` must show a server'
  elif is_older "$engine" $ENGINE_FLOOR; then
    problem "Docker Engine $engine is too old" "install $ENGINE_FLOOR or newer"
  fi
  compose=$(docker compose version --short 2>/dev/null) || compose=
  compose=${compose#v}
  if [ -z "$compose" ]; then
    problem 'docker compose (version 2) is missing' 'install the Compose plugin; docker-compose version 1 does not do'
  elif is_older "$compose" $COMPOSE_FLOOR; then
    problem "Docker Compose $compose is too old" "install $COMPOSE_FLOOR or newer"
  fi
}

# The address from which this machine would speak to others; loopback if it has none.
lan_address() {
  address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
  [ -n "$address" ] || address=$(hostname -I 2>/dev/null | awk '{ print $1 }')
  echo "${address:-127.0.0.1}"
}

check_address() {
  case $1 in
    127.0.0.1) return ;;
    0.0.0.0)
      problem 'LAN_BIND is 0.0.0.0, which is every network of this machine' 'name the one address of the LAN'
      return
      ;;
  esac
  # grep looks at each line for itself.
  is_word "$1" && echo "$1" | grep -Eq '^[0-9]{1,3}(\.[0-9]{1,3}){3}$' || {
    problem "LAN_BIND is \"$(one_line "$1")\", which is no IPv4 address" "write an address of this machine, such as $(lan_address)"
    return
  }
  command -v ip >/dev/null || return 0
  ip -4 -o addr | grep -qF " $1/" ||
    problem "LAN_BIND is $1, which is no address of this machine" "use one of: $(ip -4 -o addr | awk '{ sub("/.*", "", $4); printf "%s ", $4 }')"
}

# is_word TEXT: of letters, digits and . _ - alone; no second line of .env can be in it.
is_word() { case $1 in '' | *[!A-Za-z0-9._-]*) return 1 ;; esac; }

one_line() { printf '%s' "$1" | tr -c '[:print:]' '?'; }

# A name of DNS, of the certificate and in the Caddyfile.
check_name() {
  case $1 in
    [A-Za-z0-9]*) is_word "$1" && [ ${#1} -le 253 ] && return ;;
  esac
  problem "LAN_NAME is \"$(one_line "$1")\", which is no host name" 'write letters, digits, "." and "-", such as toolbox.lan'
}

check_port_number() {
  case $1 in
    '' | *[!0-9]* | ??????*) problem "LAN_PORT is \"$(one_line "$1")\"" 'write a number from 1 to 65535' ;;
    *) [ "$1" -ge 1 ] && [ "$1" -le 65535 ] || problem "LAN_PORT is $1" 'write a number from 1 to 65535' ;;
  esac
}

# Another stack of this name would share its volumes with this one.
check_project() {
  called=$(project_name)
  [ -n "$called" ] || return 0
  other=$(docker ps --all --filter "label=com.docker.compose.project=$called" \
    --format '{{.Label "com.docker.compose.project.working_dir"}}' 2>/dev/null | sort -u | head -n 1)
  [ -z "$other" ] || is_here "$other" || problem "a stack called $called is there already, in $other" \
    'give this one another name: ./setup --project NAME --port PORT; or, if that one was moved here: docker compose down'
}

is_here() { [ "$(cd "$1" 2>/dev/null && pwd -P)" = "$(pwd -P)" ]; }

# A container of this folder may have it, no other.
check_port_free() {
  case $2 in '' | *[!0-9]*) return ;; esac
  holder=$(docker ps --format '{{.Names}}|{{.Label "com.docker.compose.project.working_dir"}}| {{.Ports}}' 2>/dev/null |
    awk -v one=" $1:$2->" -v all=" 0.0.0.0:$2->" 'index($0, one) || index($0, all) { print; exit }')
  holder=${holder%"|"*}
  if [ -z "$holder" ]; then
    taken=$(listener "$1" "$2")
  else
    ! is_here "${holder#*"|"}" || return 0
    taken="the container ${holder%%"|"*}"
  fi
  [ -z "$taken" ] || problem "port $2 of $1 is taken by $taken" 'stop it, or choose another: ./setup --port PORT (LAN_PORT in .env)'
}

# Listening sockets by address and port in hexadecimal.
listener() {
  [ -r /proc/net/tcp ] || return 0
  address=$(echo "$1" | awk -F. '{ printf "%02X%02X%02X%02X", $4, $3, $2, $1 }')
  awk -v want="$(printf '%04X' "$2")" -v address="$address" '
    $4 == "0A" { split($2, local, ":"); if (local[2] == want && (substr(local[1], length(local[1]) - 7) == address || local[1] ~ /^0+$/)) { print "another program"; exit } }
  ' /proc/net/tcp $([ -r /proc/net/tcp6 ] && echo /proc/net/tcp6)
}

check_disk() {
  folder=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) || folder=
  [ -d "$folder" ] || folder=.
  free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1048576) }')
  [ "$free" -ge $DISK_FLOOR_GB ] || problem "$free GB are free on the disk of Docker ($folder)" "make room: the stack needs $DISK_FLOOR_GB GB; docker system df shows what Docker holds"
}
