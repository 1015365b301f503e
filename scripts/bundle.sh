# What the scripts for whoever runs the bundle share: sourced by them, not run. They mean the bundle that plain `docker compose`
# means in this checkout, with whatever COMPOSE_FILE, COMPOSE_PROJECT_NAME and .env say; none of them guesses a port or a name.
# shellcheck shell=bash

BUNDLE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
NAME=$(basename "$0")
YES=${YES:-}

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s: %s\n' "$NAME" "$1" >&2
  exit "${2:-1}"
}

# Where nobody answers it is a no.
ask() {
  local answer=
  [ -z "$YES" ] || return 0
  printf '%s [y/N] ' "$1"
  read -r answer || printf '\n'
  case $answer in
    [yY] | [yY][eE][sS]) return 0 ;;
  esac
  return 1
}

needs_engine() {
  local said
  command -v docker >/dev/null || fail 'docker is not installed: scripts/pi-setup installs it.'
  if ! said=$(docker version --format '{{.Server.Version}}' 2>&1); then
    case $said in
      *'permission denied'*)
        fail "you may not talk to Docker. Either run this with sudo, or: sudo usermod -aG docker $(id -un), and log in again."
        ;;
      *) fail 'the Docker engine does not answer: sudo systemctl start docker; docker version says more.' ;;
    esac
  fi
  said=$(docker compose version --short 2>&1) || fail 'docker has no Compose plugin: scripts/pi-setup installs it.'
  cd "$BUNDLE" || exit 1
  said=$(docker compose config -q 2>&1) || fail "Compose cannot read its files: $said"
}

# A command in a part that runs. It must not take what this script is given to read.
inside() { docker compose exec -T "$@" </dev/null; }

# A command beside a part that may be stopped, with its volume: in PART PROGRAM ARGUMENT …; it reads what it is given.
beside() {
  local part=$1 program=$2
  shift 2
  docker compose --progress quiet run --rm --no-deps -T --entrypoint "$program" "$part" "$@"
}

containers() { docker compose ps -aq "$1" 2>/dev/null; }

runs() { [ -n "$(docker compose ps -q --status running "$1" 2>/dev/null)" ]; }

project() { docker compose config 2>/dev/null | sed -n '1,5s/^name: //p'; }

# Whether there is something to back up, or to put a backup over.
has_store() {
  [ -n "$(containers redis)" ] && return 0
  [ -n "$(docker volume ls -q --filter "label=com.docker.compose.project=$(project)" --filter label=com.docker.compose.volume=redis)" ]
}

# Until the app reaches its store: asked from nginx's place, since the app's own image has no curl.
ready() {
  local tries=60
  while [ "$tries" -gt 0 ]; do
    inside nginx curl -fsS -o /dev/null -m 2 http://app:8080/readyz >/dev/null 2>&1 && return 0
    tries=$((tries - 1))
    sleep 0.5
  done
  return 1
}

# What Redis has in its volume while it stands still, as an archive that restore takes.
archive_volume() {
  (umask 077 && beside redis tar -C /data -cf - appendonlydir </dev/null | gzip >"$1")
}

# Whether an archive is whole, and all in it what Redis wrote. Says what is wrong with it.
check_archive() {
  local listed said status=0
  if ! gzip -t "$1" 2>/dev/null || ! listed=$(tar -tzf "$1" 2>/dev/null); then
    say "$1 is no whole tar.gz: it is another file, or was cut off."
    return 1
  fi
  if ! grep -q '^appendonlydir/appendonly\.aof\.manifest$' <<<"$listed"; then
    say "$1 is no backup of scripts/backup: there is no appendonlydir/appendonly.aof.manifest in it."
    return 1
  fi
  if grep -vq '^about$\|^appendonlydir/$\|^appendonlydir/appendonly\.aof[0-9a-z.]*$' <<<"$listed"; then
    say "$1 is no backup of scripts/backup: there are other files in it."
    return 1
  fi
  # Checked in the volume's place: redis-check-aof needs all files at once, and a copy in memory may not fit.
  said=$(gzip -dc "$1" | beside redis sh -c "$CHECK" 2>&1) || status=$?
  case $status in
    0) return 0 ;;
    9) say "$1 cannot be checked, since it cannot be unpacked in the volume of Redis; is the disk full?" ;;
    *) say "$1 is damaged: $(grep -v '^\[info\]\|^$' <<<"$said" | tail -n 1)" ;;
  esac
  return 1
}

# shellcheck disable=SC2016
CHECK='set -e
rm -rf /data/incoming
trap "rm -rf /data/incoming" EXIT
mkdir /data/incoming
cd /data/incoming
tar -xf - appendonlydir 2>&1 || exit 9
redis-check-aof appendonlydir/appendonly.aof.manifest 2>&1'
