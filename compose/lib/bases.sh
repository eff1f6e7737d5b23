# Sourced by ./build and ./tools: what images are built on, as base-images.yaml has it.

# base_arguments: options of docker build, for Dockerfiles that name these; no name of an image has a space in it.
base_arguments() {
  for each in debian node python go; do
    at=$(docker compose --file base-images.yaml config --images "$each") ||
      die 'docker compose cannot read base-images.yaml' "docker compose --file base-images.yaml config says why"
    printf -- '--build-arg %s_IMAGE=%s ' "$(echo "$each" | tr '[:lower:]' '[:upper:]')" "$at"
  done
}
