# Keeps a PgBouncer for one test process, and takes it away when that process is gone.
#
#   pooler.sh FOLDER SETTINGS PORT
#
# FOLDER is made, and goes with the server's. Answers `ready` once something listens at PORT.
set -u
folder=$1 settings=$2 port=$3
trap '' INT TERM HUP
mkdir -p "$folder" && cd "$folder" || exit 1
printf '%s' "$settings" >settings.ini
printf '"lapsed" ""\n"postgres" ""\n' >users
lower=''
if [ "$(id -u)" -eq 0 ]; then
  # As the server, it does not run as root.
  chown -R postgres:postgres "$folder"
  lower='setpriv --reuid postgres --regid postgres --init-groups'
fi
$lower pgbouncer --quiet settings.ini </dev/null >out 2>&1 &
pooler=$!
trap 'kill "$pooler" 2>/dev/null' EXIT
tries=0
while ! grep -q 'listening on 127.0.0.1' log 2>/dev/null; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 "$pooler" 2>/dev/null; then
    echo "failed: $(tail -n 5 log out 2>/dev/null | tr '\n' ' ')"
    exit 1
  fi
  sleep 0.05
done
echo ready
read -r _
