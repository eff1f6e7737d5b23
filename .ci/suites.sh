# For `.ci/run`: commands that end in time, and suites of which what failed is run once more.
# shellcheck shell=bash
ci=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

by() { # by <minute> <command...>: ends it when the run is that old, so that the run has a last line in any case
  local left=$(($1 * 60 - SECONDS))
  shift
  [ $left -gt 0 ] || return 124
  # Its group is what it ends, with all that a suite has started. A shell: a function of ours is a command too.
  timeout --kill-after=30 $left bash -c '"$@"' - "$@" &
  # Waited for: a signal to the run is not put off until the command has ended.
  wait $!
}

suite() { # suite <folder> <minute> <title> <command...>: runs it for the first time
  local folder=$1 minute=$2 title=$3 from=$SECONDS status=0
  shift 3
  mkdir -p "$folder"
  echo "$title" >"$folder/title"
  echo "--- $title"
  MCP_BRIDGE_TEST_OUTCOME=$folder/first by "$minute" "$@" || status=$?
  echo $status >"$folder/first.status"
  echo "$title: exit status $status ($((SECONDS - from)) s)"
}

again() { # again <folder> <minute> <command...>: runs its failed files alone, one after another
  local folder=$1 minute=$2 files=() status=0
  shift 2
  mapfile -t files < <(node "$ci/judge.mjs" again "$folder")
  [ ${#files[@]} -gt 0 ] || return 0
  echo "--- once more: ${files[*]}"
  MCP_BRIDGE_TEST_OUTCOME=$folder/again by "$minute" "$@" --no-file-parallelism "${files[@]}" || status=$?
  echo $status >"$folder/again.status"
}
