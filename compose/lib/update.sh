# Sourced by ./update: the way there, and the way back. run/update has what the way back needs, from `ready` on.

BEFORE=-before-update

# Whether all that should run is well; sets $lost.
everything_runs() {
  lost=
  for service in $(docker compose config --services); do
    comes_up "$service" 2>/dev/null || { lost=$service; return 1; }
  done
}

# All images that the stack has by their names, and those it is built on; one by its digest cannot become another.
own_images() {
  { docker compose --profile '*' config --images; docker compose --file images/images.yaml config --images; } | sort -u | grep -v @
}

image_of_litellm() { docker inspect --format '{{.Image}}' "$(docker compose ps --all --quiet litellm)"; }

remember() {
  rm -rf run/update
  mkdir -p run/update
  backup=backups/before-update-$(date +%Y-%m-%dT%H%M%S).tar
  ./backup "$backup" || exit 1
  echo "$backup" >run/update/backup
  git rev-parse HEAD >run/update/commit
  echo "$branch" >run/update/branch
  cp -p .env run/update/env
  image_of_litellm >run/update/litellm
  docker compose config --services >run/update/services
  for image in $(own_images); do
    docker tag "$image" "$image$BEFORE" 2>/dev/null || continue
    echo "$image" >>run/update/images
  done
  : >run/update/ready
}

# The images are kept by their names only as long as they may be needed.
forget() {
  while read -r image; do docker image rm "$image$BEFORE" >/dev/null 2>&1 || :; done <run/update/images
  rm -rf run/update
}

# Sets $failed where it does not get to its end.
attempt() {
  failed='cannot be checked out'
  if [ -n "$branch" ] && [ "$version" = "$(newest)" ]; then git merge --quiet --ff-only "$target" || return 1
  else git checkout --quiet --detach "$target" || return 1; fi
  failed='cannot be set up'
  ./setup >/dev/null || return 1
  failed='cannot be built'
  if is_stand_in; then local-images/build || return 1; fi
  ./build || return 1
  failed='does not start'
  docker compose up -d || return 1
  everything_runs || { last_words "$lost" >&2; return 1; }
  failed='does not pass its verification'
  ./verify || return 1
}

# On a machine without an image registry.
is_stand_in() {
  [ -n "$(docker image inspect --format '{{with .Config.Labels}}{{index . "mcp-bridge.local-image"}}{{end}}' "$(cat run/update/litellm)")" ]
}

# Goes on whatever fails: the rest is to be put back, too.
put_back() {
  set +e
  say 'putting back what ran before' >&2
  backup=$(cat run/update/backup)
  branch=$(cat run/update/branch)
  commit=$(cat run/update/commit)
  if [ -n "$branch" ]; then git checkout --quiet "$branch" && git reset --quiet --keep "$commit"
  else git checkout --quiet --detach "$commit"; fi || say "git does not go back to $commit" >&2
  cp -p run/update/env .env
  while read -r image; do docker tag "$image$BEFORE" "$image"; done <run/update/images
  [ "$(image_of_litellm)" = "$(cat run/update/litellm)" ] || database_back ||
    say "LiteLLM's database is not as it was: README.md, Backup and restore, with $backup" >&2
  docker ps --all --filter "label=com.docker.compose.project=$project" --format '{{.Label "com.docker.compose.service"}}' |
    new_since run/update/services | sort -u | while read -r service; do
    # What the newer version alone has. Whoever has profiles off may have more of them in the files.
    docker compose --profile '*' config --services | grep -qx "$service" ||
      docker ps --all --quiet --filter "label=com.docker.compose.project=$project" \
        --filter "label=com.docker.compose.service=$service" | remove_each container --force
  done
  docker compose up -d
  everything_runs || say "$lost is not well: ./doctor" >&2
  forget
  if ./verify >run/verify 2>&1; then say "What ran before runs again. The backup is kept: $backup" >&2
  else
    cat run/verify >&2
    say "What ran before runs again, and does not pass ./verify either: that is not of the update. The backup: $backup" >&2
  fi
  set -e
}

# LiteLLM's alone: what others have written since the backup stays.
database_back() {
  say "LiteLLM's database, from $backup" >&2
  docker compose stop litellm >/dev/null 2>&1
  {
    echo 'DROP DATABASE IF EXISTS litellm WITH (FORCE);'
    # PostgreSQL 16 does not know what pg_dump 17 sets.
    tar -xOf "$backup" ./databases.sql |
      awk '/^-- Database ".*" dump$/ { is_on = $3 == "\"litellm\"" } is_on && $0 != "SET transaction_timeout = 0;"'
  } | docker compose exec -T postgres psql --quiet --no-psqlrc --username postgres --dbname postgres -v ON_ERROR_STOP=1 >/dev/null
}
