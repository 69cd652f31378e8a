#!/bin/sh
# Makes the secrets of docker-compose.yml, once: what is there already is kept. Run it from the root of
# the repository. Keep the directory: without its key_encryption_key the signing keys are lost.
set -eu
umask 077
directory=${1:-.secrets}
mkdir -p "$directory"
chmod 700 "$directory"

# A secret is read by another user inside its container. On this machine the directory protects it.
keep() {
  [ -s "$directory/$1" ] && return
  printf '%s\n' "$2" > "$directory/$1.new"
  chmod 444 "$directory/$1.new"
  mv -f "$directory/$1.new" "$directory/$1"
  echo "Made $directory/$1"
}
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
read_secret() { tr -d '\n' < "$directory/$1"; }

keep postgres_password "$(random)"
for app in auth orders; do
  keep "${app}_database_password" "$(random)"
  keep "${app}_database_url" \
    "postgres://$app:$(read_secret "${app}_database_password")@postgres:5432/$app"
done
keep key_encryption_key "$(head -c 32 /dev/urandom | base64 | tr -d '\n')"

# Other users read these in the containers, which the umask of a checkout may not let them.
root=$(dirname "$0")/../..
find "$root/deploy/kubernetes/base/access-model.yaml" \
  "$root/deploy/compose/make-databases.sh" "$directory" \
  -type f ! -perm -444 -exec chmod a+r {} +
