#!/bin/sh
# LiteLLM's database and the applications' database, each with its owner, and the role of the tool: PostgreSQL's image runs this on an
# empty volume. By hand it gives the roles the passwords of .env and their rights again:
#   docker compose exec -T postgres sh /docker-entrypoint-initdb.d/10-roles.sh
set -eu
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  -v litellm="$LITELLM_DB_PASSWORD" -v app="$APP_DB_PASSWORD" -v reader="$MCP_DB_PASSWORD" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['litellm', 'app', 'mcp_reader']) name
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT format('CREATE DATABASE %1$I OWNER %1$I', name) FROM unnest(ARRAY['litellm', 'app']) name
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

-- LiteLLM alters what it finds: it must find nothing of others.
ALTER ROLE litellm PASSWORD :'litellm';
ALTER ROLE app PASSWORD :'app';
REVOKE ALL ON DATABASE litellm, app, postgres, template1 FROM PUBLIC, mcp_reader;

-- What it may not do comes from missing grants; the settings are a second belt that a session could take off.
ALTER ROLE mcp_reader PASSWORD :'reader' NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 20;
GRANT CONNECT ON DATABASE app TO mcp_reader;
GRANT pg_read_all_stats TO mcp_reader;
ALTER ROLE mcp_reader SET default_transaction_read_only = on;
ALTER ROLE mcp_reader SET statement_timeout = '30s';

\connect app
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
REVOKE ALL ON SCHEMA public FROM PUBLIC, mcp_reader;
GRANT ALL ON SCHEMA public TO app;
GRANT USAGE ON SCHEMA public TO mcp_reader;
-- Whatever table app makes, the tool can read.
ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO mcp_reader;
SQL
