#!/bin/sh
# Lets Prisma's command line believe that a schema engine is there; migrate.mjs does what it would do.
case "$1" in --version) echo "schema-engine-cli ac9d7041ed77bcc8a8dbd2ab6616b39013829574" ;; esac
