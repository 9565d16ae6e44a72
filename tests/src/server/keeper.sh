# Keeps a PostgreSQL server for one test process, and takes it away when that process is gone.
#
#   keeper.sh BIN FOLDER PORT CACHED
#
#   BIN     where PostgreSQL's programs are
#   FOLDER  an empty folder for the cluster and its socket; it goes with the server
#   PORT    a free one
#   CACHED  a cluster as `initdb` makes it, to be copied; made here where it is missing
#
# Answers `ready` or `failed: …` once the server serves. Then it takes orders, a word per line, and answers each with
# `ready` or `failed: …` too. When the pipe with the orders closes, which it does however the test process ends, the
# server is stopped and the folder removed.
set -u
bin=$1 folder=$2 port=$3 cached=$4
# What ends a test process (a Ctrl-C reaches everybody at the terminal) must not end its keeper before its work is done.
trap '' INT TERM HUP
cd "$folder" || exit 1

# PostgreSQL does not run as root. Some containers have a `/dev/null` that only root may write to, and its programs
# write there: then they get one of their own, which nobody outside sees.
if [ "$(id -u)" -eq 0 ]; then
  owner=postgres
  chown postgres:postgres "$folder"
  lower='setpriv --reuid postgres --regid postgres --init-groups'
  if ! $lower test -w /dev/null; then
    mknod -m 666 "$folder/null" c 1 3
  fi
else
  owner=$(id -un)
  lower=''
fi
as_owner() {
  if [ -e "$folder/null" ]; then
    unshare --mount --propagation private sh -c \
      'mount --bind "$0/null" /dev/null && exec '"$lower"' "$@"' "$folder" "$@"
  else
    $lower "$@"
  fi
}

tell() {
  if [ "$1" -eq 0 ]; then echo ready; else echo "failed: $(tail -n 20 keeper.log log 2>/dev/null | tr '\n' ' ')"; fi
}

# Making a cluster takes a while; copying one does not. Whoever makes it first puts it in its place in one step.
copy() {
  if [ ! -d "$cached" ]; then
    as_owner "$bin/initdb" --pgdata="$folder/new" --username=postgres --auth=trust --encoding=UTF8 \
      --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US --wal-segsize=4 --no-sync >>keeper.log 2>&1 || return 1
    rm -rf "$cached.$$" && mkdir -p "${cached%/*}" && cp -a new "$cached.$$" && rm -rf new || return 1
    # Somebody else may have been quicker.
    mv -T "$cached.$$" "$cached" 2>>keeper.log || rm -rf "$cached.$$"
  fi
  cp -a "$cached" data
}

# Nothing here has to outlive its machine, and whoever reads a clock or sorts a text should not find what is
# usual: another zone than UTC, dates in another order, and an alphabet that is not that of the bytes.
settle() {
  cat >>data/postgresql.conf <<SETTINGS
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
unix_socket_permissions = 0777
max_connections = 300
shared_buffers = 64MB
fsync = off
synchronous_commit = on
dynamic_shared_memory_type = mmap
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 256MB
autovacuum = on
timezone = 'Europe/Vienna'
datestyle = 'iso, dmy'
default_transaction_isolation = 'repeatable read'
extra_float_digits = 0
log_line_prefix = '%m %d %u: '
SETTINGS
}

start() { as_owner "$bin/pg_ctl" start --wait --pgdata="$folder/data" --log="$folder/log" >>keeper.log 2>&1; }
stop() { as_owner "$bin/pg_ctl" stop --wait --pgdata="$folder/data" --mode="$1" >>keeper.log 2>&1; }
tidy() {
  [ ! -e data/postmaster.pid ] || stop immediate
  cd / && rm -rf "$folder"
}
trap tidy EXIT

{ copy && settle && start; }
tell $?
while read -r order; do
  case $order in
    start) start ;;
    stop) stop fast ;;
    crash) stop immediate ;;
    *) false ;;
  esac
  tell $?
done
