# Sourced by the scripts beside docker-compose.yml: how they speak, and what they read from .env.

say() { printf '%s\n' "$*"; }

# problem WHAT REMEDY: noted, so that all are told at once; see give_up_on_problems.
problem() {
  problems=$((${problems:-0} + 1))
  printf 'problem: %s\n    fix: %s\n' "$1" "$2" >&2
}

give_up_on_problems() {
  [ "${problems:-0}" -eq 0 ] && return
  say "$problems found. Nothing was changed." >&2
  exit 1
}

# die WHAT REMEDY
die() {
  printf 'error: %s\n  fix: %s\n' "$1" "$2" >&2
  exit 1
}

# setting NAME: its value in .env, as written there; nothing if it is not there.
setting() { [ ! -r .env ] || sed -n "s/^$1=//p" .env | tail -n 1; }

has_setting() { [ -r .env ] && grep -q "^$1=" .env; }

# What Compose calls this stack, also without .env. A name is of these characters; YAML puts one of digits in quotes.
project_name() { docker compose config --no-interpolate 2>/dev/null | sed -n 's/^name: "\{0,1\}\([a-z0-9_-]*\).*/\1/p'; }
