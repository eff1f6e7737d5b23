# Sourced by ./setup: what its options ask for, beside what .env has already.

# An option wins over .env, and .env over what would be chosen here.
settle_wishes() {
  is_known=no
  ! has_setting LAN_BIND || is_known=yes
  bind=${bind:-$(setting LAN_BIND)}
  bind=${bind:-$(lan_address)}
  name=${name:-$(setting LAN_NAME)}
  name=${name:-$(hostname 2>/dev/null || uname -n)}
  files=$(setting COMPOSE_FILE)
  case $files in
    *proxy/compose.yaml*) proxy=yes ;;
    # In front of what ./tools has added: Compose takes the folder of the first file for its own.
    docker-compose.yml*) [ $proxy = no ] || files=docker-compose.yml:proxy/compose.yaml${files#docker-compose.yml} ;;
    ?*) [ $proxy = no ] || files=$files:proxy/compose.yaml ;;
    *) [ $proxy = no ] || files=docker-compose.yml:proxy/compose.yaml ;;
  esac
  port=${port:-$(setting LAN_PORT)}
  [ -n "$port" ] || { [ $proxy = yes ] && port=8443 || port=4000; }
  settle_profiles
  settle_project
}

# What runs is not taken away by an option: its containers, and LiteLLM's entries, would be left over.
settle_profiles() {
  profiles=$(setting COMPOSE_PROFILES)
  if ! has_setting COMPOSE_PROFILES; then
    [ $published = yes ] && profiles=published || profiles=db
    [ $minimal = yes ] || profiles=$profiles,tools
    return
  fi
  case $minimal,$profiles, in
    yes,*,tools,* | yes,tools,*)
      problem "--minimal has no tools, and COMPOSE_PROFILES in .env is $profiles" \
        'docker compose rm --stop fetch filesystem memory time; then take "tools" out of it, and these four out of config/litellm.yaml'
      ;;
  esac
  case $published,$profiles, in
    yes,published,* | yes,*,published,* | no,*) ;;
    *)
      problem "--published is another form of the SQL tool, and COMPOSE_PROFILES in .env is $profiles" \
        'docker compose rm --stop postgres-mcp; then write "published" for "db" in it'
      ;;
  esac
}

# The volumes go by this name.
settle_project() {
  [ -n "$project" ] || return 0
  case $project in
    [a-z0-9]*) case $project in *[!a-z0-9_-]*) ;; *) project_is_word=yes ;; esac ;;
  esac
  [ "${project_is_word:-no}" = yes ] || {
    problem "--project is \"$(one_line "$project")\"" 'write small letters, digits, "-" and "_"'
    project=
    return 0
  }
  [ $is_known = no ] || [ "$project" = "$(setting COMPOSE_PROJECT_NAME)" ] ||
    problem "this stack is called $(project_name), and so are its volumes" './backup; then ./setup --project in a new copy of this folder, and ./restore'
  export COMPOSE_PROJECT_NAME="$project"
}

# put NAME VALUE: as it is asked for; says so if it was another.
put() {
  old=$(setting "$1")
  [ "$old" != "$2" ] || return 0
  has_setting "$1" || { printf '%s=%s\n' "$1" "$2" >>.env; return; }
  NAME=$1 VALUE=$2 awk 'index($0, ENVIRON["NAME"] "=") == 1 { $0 = ENVIRON["NAME"] "=" ENVIRON["VALUE"] } { print }' .env >.env.new
  mv .env.new .env
  say "changed: $1=$2 (was $old)"
}

write_settings() {
  before="$(setting LAN_NAME) $(setting LAN_PORT) $(setting COMPOSE_FILE)"
  begin_settings
  put LAN_BIND "$bind"
  put LAN_PORT "$port"
  put LAN_NAME "$name"
  add COMPOSE_PROFILES "$profiles"
  [ -z "$files" ] || put COMPOSE_FILE "$files"
  [ -z "$project" ] || put COMPOSE_PROJECT_NAME "$project"
  add_missing_settings
  [ $is_known = no ] || [ "$before" = "$name $port $files" ] ||
    say 'people open another address now: ./add-user --show NAME prints the settings of each anew'
}

scheme() { [ $proxy = yes ] && echo https || echo http; }

next_step() {
  ! images_are_missing || printf './build, then '
  echo 'docker compose up -d --wait, then ./verify'
}

images_are_missing() {
  [ $checks = yes ] || return 0
  made_here=$(docker compose --file images/images.yaml config --images 2>/dev/null) || return 0
  for image in $made_here; do docker image inspect "$image" >/dev/null 2>&1 || return 0; done
  return 1
}
