#!/bin/sh
# Run by the image of Postgres when its volume is new: for each app a database and a role that owns it,
# is no superuser, and cannot connect to the database of the other.
set -eu
for app in auth orders; do
  # Hexadecimal digits, as deploy/compose/make-secrets.sh makes them: nothing to quote.
  password=$(tr -d '\n' < "/run/secrets/${app}_database_password")
  psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
CREATE ROLE "$app" LOGIN PASSWORD '$password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE "$app" OWNER "$app";
REVOKE ALL ON DATABASE "$app" FROM PUBLIC;
SQL
done
