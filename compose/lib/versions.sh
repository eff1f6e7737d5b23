# Sourced by ./update: which version there is to go to, and how it differs from what is here.

# Sets $here, $branch, $version and $target; ends where there is nothing to do.
find_target() {
  here=$(git rev-parse HEAD)
  branch=$(git symbolic-ref --quiet --short HEAD) || branch=
  if [ -n "$(git remote)" ]; then
    said=$(git fetch --quiet --tags 2>&1) || say "note: only what is here already is known: $(echo "$said" | tail -n 1)" >&2
  fi
  [ -n "$version" ] || version=$(newest)
  [ -n "$version" ] || die 'there is no newer version that this checkout follows' 'name one: ./update VERSION; git tag lists them'
  # Of a branch what its owner has, not what was here when it was fetched first.
  target=$(git rev-parse --verify --quiet "refs/remotes/origin/$version^{commit}") ||
    target=$(git rev-parse --verify --quiet "$version^{commit}") ||
    die "there is no version \"$version\"" 'git tag lists them'
  [ "$target" != "$here" ] || { say "this is $version already"; exit 0; }
}

newest() {
  if [ -n "$branch" ]; then git rev-parse --abbrev-ref --symbolic-full-name '@{upstream}' 2>/dev/null || :
  else git tag --sort=-version:refname --list 'v[0-9]*' | head -n 1; fi
}

# Of a file that was changed here and there nobody knows what is meant; git would refuse it in the middle.
refuse_own_changes() {
  git diff --name-only HEAD >"$work/mine"
  both=$(git diff --name-only HEAD "$target" | grep -xF -f "$work/mine" | tr '\n' ' ') || both=
  [ ! -s "$work/mine" ] || [ -z "$both" ] ||
    die "changed here and in $version: $both" "put your changes aside: git stash, ./update, git stash pop; what is only yours belongs into docker-compose.override.yml and .env"
}

# images_of COMMIT: each service and its image, as the files of that commit and .env here have it; of `.` as the files here have it.
images_of() {
  for file in base-images.yaml images/images.yaml; do
    if [ "$1" = . ] || git diff --quiet HEAD "$1" -- "$file"; then cat "$file"; else git show "$1:./$file"; fi |
      docker compose --project-directory . --file - config 2>/dev/null |
      awk '/^  [^ ]+:$/ { service = $1; sub(/:$/, "", service) } /^    image: / { print service, $2 }'
  done
}

package_version() { git show "$1:../packages/bridge/package.json" 2>/dev/null | sed -n 's/^  "version": "\(.*\)",$/\1/p'; }

show_difference() {
  images_of . >"$work/now"
  images_of "$target" >"$work/then"
  [ -s "$work/then" ] || die "$version has no images/images.yaml that docker compose reads" 'name a version of this stack: git tag lists them'
  commits=$(git rev-list --count "$here..$target")
  back=$(git rev-list --count "$target..$here")
  say "from $(git describe --always --tags "$here") to $version, commits: $commits$([ "$back" -eq 0 ] || echo ", and $back that are here and not there")"
  {
    printf 'bridge %s %s\n' "$(package_version "$here")" "$(package_version "$target")"
    # By their tags alone where only these differ.
    awk 'FNR == NR { now[$1] = $2; next }
      { was = $1 in now ? now[$1] : "-"; is = $2; seen[$1]
        if (was == is) next
        one = was; other = is; sub(/:[^:\/]*$/, "", one); sub(/:[^:\/]*$/, "", other)
        if (one == other) { sub(/.*:/, "", was); sub(/.*:/, "", is) }
        print $1, was, is }
      END { for (each in now) if (!(each in seen)) print each, now[each], "-" }' "$work/now" "$work/then"
  } | while read -r name was is; do
    note=
    [ "$was" != "$is" ] || note='  (built anew)'
    [ ! -d "added/$name" ] || note='  (yours stays: ./tools update)'
    [ "$name" != litellm ] || note='  (migrates its database)'
    printf '  %-24s %s → %s%s\n' "$name" "$was" "$is" "$note"
  done
  ! changed_there CHANGELOG.md || say "what to know: git diff $(git rev-parse --short "$here") $(git rev-parse --short "$target") -- $(git rev-parse --show-cdup)CHANGELOG.md"
  was=$(major postgres "$work/now") is=$(major postgres "$work/then")
  [ "$was" = "$is" ] || die "PostgreSQL $is does not read the files of PostgreSQL $was" './backup; docker compose down --volumes; git checkout the version; ./build; ./restore the backup'
}

changed_there() { ! git diff --quiet "$here" "$target" -- ":/$1"; }

# major SERVICE FILE: the first number of its tag.
major() { sed -n "s/^$1 .*:\([0-9]*\)[^:]*\$/\1/p" "$2"; }

agree() {
  [ $is_agreed = no ] || return 0
  [ -t 0 ] || die 'nobody is here to agree' './update --yes'
  printf 'Update? A backup is made first. [y/N] '
  read -r answer || answer=
  case $answer in [yY] | [yY]es) ;; *) say 'nothing was changed'; exit 1 ;; esac
}
