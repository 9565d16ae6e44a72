# Keeps a PostgreSQL server for one bench, and takes it away when that bench is gone.
#
#   server.sh BIN FOLDER PORT
#
#   BIN     where PostgreSQL's programs are
#   FOLDER  an empty folder on a disk for the cluster and its socket; it goes with the server
#   PORT    a free one
#
# Settings come on standard input up to a line with a dot. Answers `ready`, or `failed: …`, and keeps the server until
# the pipe closes, which it does however the bench ends.
set -u
bin=$1 folder=$2 port=$3
trap '' INT TERM HUP
cd "$folder" || exit 1

# PostgreSQL does not run as root.
lower=''
if [ "$(id -u)" -eq 0 ]; then
  chown postgres:postgres .
  lower='setpriv --reuid postgres --regid postgres --init-groups'
fi
tidy() {
  [ ! -e data/postmaster.pid ] || $lower "$bin/pg_ctl" stop --wait --pgdata=data --mode=immediate >/dev/null 2>&1
  cd / && rm -rf "$folder"
}
trap tidy EXIT

start() {
  $lower "$bin/initdb" --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 || return 1
  cat >>data/postgresql.conf <<SETTINGS
listen_addresses = ''
port = $port
unix_socket_directories = '$folder'
unix_socket_permissions = 0777
$settings
SETTINGS
  $lower "$bin/pg_ctl" start --wait --pgdata=data --log=log
}
settings=''
while read -r line && [ "$line" != . ]; do
  settings="$settings$line
"
done
if start >keeper.log 2>&1; then echo ready; else echo "failed: $(tail -n 20 keeper.log log 2>/dev/null | tr '\n' ' ')"; fi
read -r _
