#!/bin/sh
# As in the published image: migrations first where there is a database, then the proxy.
set -e
if [ -n "$DATABASE_URL" ]; then
  node /opt/prisma/migrate.mjs "$(python -c 'import litellm_proxy_extras as extras; print(extras.__path__[0])')/migrations"
fi
exec litellm "$@"
