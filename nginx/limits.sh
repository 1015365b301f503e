#!/bin/sh
# Checks the limits of docker-compose.yml before they become part of nginx's configuration. Run by the nginx image before nginx
# starts (/docker-entrypoint.d). A mistake ends the start with one sentence, where nginx would only name a line of its own.
set -eu

# check NAME VALUE MOST
check() {
    case $2 in
    '' | 0* | *[!0-9]* | ??????*) ;;
    *) [ "$2" -gt "$3" ] || return 0 ;;
    esac
    shown=$(printf '%s' "$2" | tr -c '[:print:]' '?' | cut -c 1-200)
    printf '%s must be a whole number from 1 to %s, but is "%s".\n' "$1" "$3" "$shown" >&2
    exit 1
}

check ADDRESS_REQUESTS "${PINSTREAM_ADDRESS_REQUESTS:-}" 99999
# More than nginx's workers have together, two connections for each request, would limit nothing.
check ADDRESS_CONNECTIONS "${PINSTREAM_ADDRESS_CONNECTIONS:-}" 4096
