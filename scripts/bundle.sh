# What the scripts for whoever runs the bundle share: sourced by them, not run. They mean the bundle that plain `docker compose`
# means in this checkout, with whatever COMPOSE_FILE, COMPOSE_PROJECT_NAME and .env say; none of them guesses a port or a name.
# shellcheck shell=bash

BUNDLE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
NAME=$(basename "$0")
YES=${YES:-}

# That nobody hears it any more is no reason to end halfway.
say() { printf '%s\n' "$*" 2>/dev/null || true; }

fail() {
  printf '%s: %s\n' "$NAME" "$1" >&2 || true
  exit "${2:-1}"
}

# Before anything is put back, which must come to its end: whoever interrupts may have taken the terminal with him (ssh that
# breaks), or the reader of a pipe (`| tee`). Then every word fails, and would end this script, or the program that says it.
# undisturbed WORDS [INTERRUPTED]
undisturbed() {
  set +e
  trap '' INT TERM HUP PIPE
  trap - EXIT
  if ! printf '%s\n' "$1" 2>/dev/null; then
    exec >/dev/null
    printf '\n' >&2 2>/dev/null || exec 2>/dev/null
  elif [ -n "${2:-}" ]; then
    printf '\n' >&2 2>/dev/null || exec 2>/dev/null
  fi
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
  PROJECT=$(docker compose config 2>/dev/null | sed -n '1,5s/^name: //p')
}

needs_curl() { command -v curl >/dev/null || fail 'curl is missing: sudo apt-get install curl'; }

# A command in a part that runs. It must not take what this script is given to read.
inside() { docker compose exec -T "$@" </dev/null; }

# A command beside a part that may be stopped, with its volume: in PART PROGRAM ARGUMENT …; it reads what it is given.
beside() {
  local part=$1 program=$2
  shift 2
  docker compose --progress quiet run --rm --no-deps -T --label "pinstream.script=$$" --entrypoint "$program" "$part" "$@"
}

# What was interrupted may run on, or be left behind.
end_beside() { docker ps -aq --filter "label=pinstream.script=$$" | xargs docker rm -f >/dev/null 2>&1 || true; }

# The bundle's own containers. Not by `docker compose ps`: that counts what somebody's `docker compose run` left behind, too.
own() {
  docker ps --no-trunc --filter "label=com.docker.compose.project=$PROJECT" --filter label=com.docker.compose.oneoff=False "$@"
}

containers() { own -aq --filter "label=com.docker.compose.service=$1"; }

running() { own -q --filter status=running --filter "label=com.docker.compose.service=$1"; }

runs() { [ -n "$(running "$1")" ]; }

volume() { docker volume ls -q --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.volume=$1"; }

# Whether there is something to back up, or to put a backup over.
has_store() { [ -n "$(containers redis)" ] || [ -n "$(volume redis)" ]; }

# The files that plain `docker compose` reads, as Compose writes them down at a container. Compose itself says what COMPOSE_FILE
# is: it may stand in .env.
files_meant() {
  local said file override list=
  # shellcheck disable=SC2016
  said=$(docker compose -f - config --images <<<'services: { it: { image: "${COMPOSE_PATH_SEPARATOR:-:}${COMPOSE_FILE:-}" } }' 2>/dev/null) || return 1
  if [ ${#said} -gt 1 ]; then
    tr "${said:0:1}" '\n' <<<"${said:1}"
  else
    for file in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
      [ -z "$list" ] && [ -f "$file" ] && list=$file
    done
    for override in compose.override.yml compose.override.yaml docker-compose.override.yml docker-compose.override.yaml; do
      [ -f "$override" ] && list=$list$'\n'$override && break
    done
    say "$list"
  fi
}

# Each path as it is without links, as far as it is there; names in the folder of the bundle without it.
short_names() {
  local path folder here
  here=$(pwd -P)
  while read -r path; do
    folder=$(cd "$(dirname "$path")" 2>/dev/null && pwd -P) || folder=$(dirname "$path")
    path=$folder/$(basename "$path")
    printf '%s\n' "${path#"$here"/}"
  done
}

# What changes the bundle calls `docker compose up`, and that makes of what runs whatever the files say that are meant here. Of
# a bundle that was started with others (-f …) it would make another one: of the mock a privileged sidecar with open ports.
means_what_runs() {
  local meant hashes part hash folder files
  if ! meant=$(files_meant | short_names) || ! hashes=$(docker compose config --hash '*' 2>/dev/null); then
    fail 'Compose does not say what it would start: docker compose config'
  fi
  while IFS='|' read -r part hash folder files; do
    # A part that is as the files meant here have it, or that they don't have, stays as it is.
    if ! grep -q "^$part " <<<"$hashes" || grep -q "^$part $hash\$" <<<"$hashes"; then continue; fi
    if [ "$(cd "$folder" 2>/dev/null && pwd -P)" != "$(pwd -P)" ]; then
      fail "what runs was started in another folder, $folder. Run the scripts there, or first, for it to belong to this one: docker compose up -d --build. Nothing has changed."
    fi
    files=$(tr , '\n' <<<"$files" | short_names)
    # A file more is meant by whoever wrote it into .env; one less is only forgotten.
    [ -z "$(comm -23 <(sort <<<"$files") <(sort <<<"$meant"))" ] ||
      fail "$part runs as $(paste -sd : - <<<"$files") has it, but plain docker compose here means $(paste -sd : - <<<"$meant"), which would make another bundle of it. Put this line into .env, and try again: COMPOSE_FILE=$(paste -sd : - <<<"$files"). Or, if it shall be another one, first: docker compose up -d. Nothing has changed."
  done < <(own -a --format '{{.Label "com.docker.compose.service"}}|{{.Label "com.docker.compose.config-hash"}}|{{.Label "com.docker.compose.project.working_dir"}}|{{.Label "com.docker.compose.project.config_files"}}')
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
  said=$(gzip -dc "$1" 2>/dev/null | beside redis sh -c "$CHECK" 2>&1) || status=$?
  case $status in
    0) return 0 ;;
    9) say "$1 cannot be checked, since it cannot be unpacked in the volume of Redis; is the disk full?" ;;
    8) say "$1 is damaged: $(grep -v '^\[info\]\|^$' <<<"$said" | tail -n 1)" ;;
    *) say "$1 cannot be checked: $(tail -n 1 <<<"$said")" ;;
  esac
  return 1
}

# All of the archive, whose names have been looked at: the tar of busybox, which the image of Redis has, would not find a folder
# by its name when only what is in it is in the archive.
CHECK='set -e
rm -rf /data/incoming
trap "rm -rf /data/incoming" EXIT
mkdir /data/incoming
cd /data/incoming
tar -xf - 2>&1 || exit 9
redis-check-aof appendonlydir/appendonly.aof.manifest 2>&1 || exit 8'
