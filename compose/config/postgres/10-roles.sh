#!/bin/sh
# Runs once, on an empty volume: LiteLLM's database and the applications' database, each with its owner, and the role of the tool.
set -eu
psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname postgres \
  -v litellm="$LITELLM_DB_PASSWORD" -v app="$APP_DB_PASSWORD" -v reader="$MCP_DB_PASSWORD" <<'SQL'
-- LiteLLM alters what it finds: it must find nothing of others.
CREATE ROLE litellm LOGIN PASSWORD :'litellm';
CREATE DATABASE litellm OWNER litellm;
REVOKE ALL ON DATABASE litellm FROM PUBLIC;

CREATE ROLE app LOGIN PASSWORD :'app';
CREATE DATABASE app OWNER app;
REVOKE ALL ON DATABASE app FROM PUBLIC;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;

-- What it may not do comes from missing grants; the settings are a second belt that a session could take off.
CREATE ROLE mcp_reader LOGIN PASSWORD :'reader' CONNECTION LIMIT 20;
GRANT CONNECT ON DATABASE app TO mcp_reader;
GRANT pg_read_all_stats TO mcp_reader;
ALTER ROLE mcp_reader SET default_transaction_read_only = on;
ALTER ROLE mcp_reader SET statement_timeout = '30s';

\connect app
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO app;
GRANT USAGE ON SCHEMA public TO mcp_reader;
-- Whatever table app makes, the tool can read.
ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO mcp_reader;
SQL
