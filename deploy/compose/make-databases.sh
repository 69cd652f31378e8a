#!/bin/sh
# Makes for each app a database and a role that owns it, is no superuser, and cannot connect to the
# database of the other. The image of Postgres runs it when its volume is new. By hand it adds what is
# missing, and sets the passwords again: docs/deploy.md says when.
set -eu
for app in auth orders; do
  # Hexadecimal digits, as deploy/compose/make-secrets.sh makes them: nothing to quote.
  password=$(tr -d '\n' < "/run/secrets/${app}_database_password")
  psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<SQL
SELECT 'CREATE ROLE "$app"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '$app') \gexec
ALTER ROLE "$app" LOGIN PASSWORD '$password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
SELECT 'CREATE DATABASE "$app" OWNER "$app"'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '$app') \gexec
REVOKE ALL ON DATABASE "$app" FROM PUBLIC;
SQL
done
