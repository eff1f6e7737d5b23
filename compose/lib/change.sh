# Sourced by ./tools and ./update: what every change of a running stack needs.

# one_at_a_time COMMAND...: refuses beside another of this folder. Who is killed lets go, but not before what it has started has ended.
one_at_a_time() {
  # Not part of macOS.
  command -v flock >/dev/null || return 0
  mkdir -p run
  exec 9>>run/lock
  flock -n 9 || die "another change of this stack runs: $(cat run/lock)" 'wait until it has ended'
  echo "$* (process $$, since $(date +%H:%M))" >run/lock
}

# Whether it becomes healthy; false at the first end of its container, which Docker would start again and again.
comes_up() {
  container=$(docker compose ps --all --quiet "$1")
  while :; do
    case $(docker inspect --format \
      '{{.State.Status}} {{.RestartCount}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}' "$container") in
      'running '*' healthy') return 0 ;;
      'running 0 starting') sleep 1 ;;
      *) return 1 ;;
    esac
  done
}

# last_words SERVICE: why its bridge ended, or the end of its log. Only until it ended: all that came later is of another start.
last_words() {
  container=$(docker compose ps --all --quiet "$1") || return 0
  [ -n "$container" ] || return 0
  end=$(docker inspect --format '{{.State.FinishedAt}}' "$container")
  case $end in 0001-*) end= ;; esac
  docker logs --tail 40 ${end:+--until "$end"} "$container" 2>&1 | awk '
    /^mcp-bridge: / { n = 0 }
    { line[n++] = $0 }
    END { for (i = n > 20 ? n - 20 : 0; i < n; i++) print line[i] }' | as_here
}

# What the bridge in an image says to do is for `docker run`, and here it is ./tools that starts it.
as_here() {
  sed -e 's|docker run … IMAGE \(.*\) tries it, mcp-bridge image build … -- .* makes it last|./tools add … -- \1|' \
    -e '/docker run -e [A-Z0-9_]*=…/ { s|docker run -e|./tools add … -e|; s| -e \([A-Z0-9_]*\)=…| --env \1|g; }'
}

# new_since FILE: of the lines of stdin those that are not in it.
new_since() { grep -vxF -f "$1" || :; }

# remove_each KIND [OPTION]: what stdin names, one a line.
remove_each() {
  kind=$1
  option=${2:-}
  while read -r each; do docker "$kind" rm $option "$each" >/dev/null; done
}
