#!/bin/sh
# Writes the map of the origins in CORS_ORIGINS, for nginx: who gets which Access-Control-Allow-Origin. Run by the nginx image
# before nginx starts (/docker-entrypoint.d). A mistake ends the start with one sentence: text that was not checked never
# reaches a configuration.
#
#   CORS_ORIGINS=                          no origin but our own
#   CORS_ORIGINS=https://a.example,http://192.168.1.5:3000   these, with cookies and keys (credentials)
#   CORS_ORIGINS=*                         every origin, without credentials: a browser accepts the two only one at a time
#
# The app reads the same list by the same rules, for writes (src/lib/settings.ts).
set -eu
LC_ALL=C
export LC_ALL

file=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}/cors.conf

refuse() {
    shown=$(printf '%s' "$1" | tr -c '[:print:]' '?' | cut -c 1-200)
    printf 'CORS_ORIGINS must be a list of origins like https://a.example or http://b.example:3000, without a path, or *, but contains "%s".\n' "$shown" >&2
    exit 1
}

# An origin as a browser words it: small letters, no path, no slash at the end, no port that goes without saying.
check() {
    # First the characters, line breaks among them: grep below reads line by line.
    case $1 in
    *[!a-z0-9._:/\[\]-]*) refuse "$1" ;;
    esac
    printf '%s\n' "$1" | grep -Eq '^https?://([a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?$' || refuse "$1"
    case $1 in
    http://*:80 | https://*:443) refuse "$1" ;;
    esac
    port=${1##*:}
    case $port in
    '' | *[!0-9]*) ;;
    *) [ "$port" -le 65535 ] || refuse "$1" ;;
    esac
}

everyone=
origins=
IFS=,
set -f # or * would become the names of files
for item in ${CORS_ORIGINS:-}; do
    # Blanks around an item, as in "a, b".
    item=${item#"${item%%[! 	]*}"}
    item=${item%"${item##*[! 	]}"}
    case $item in
    '') continue ;;
    '*')
        everyone='*'
        continue
        ;;
    esac
    check "$item"
    # Twice the same would be an error of nginx.
    case ",$origins," in
    *",$item,"*) ;;
    *) origins=$origins${origins:+,}$item ;;
    esac
done

{
    echo '# Written by cors-map.sh from CORS_ORIGINS at each start. An empty value sends no header.'
    echo 'map $http_origin $pinstream_origin {'
    echo "    default \"$everyone\";"
    for origin in $origins; do echo "    \"$origin\" \"$origin\";"; done
    echo '}'
    echo 'map $http_origin $pinstream_credentials {'
    echo '    default "";'
    for origin in $origins; do echo "    \"$origin\" true;"; done
    echo '}'
} >"$file"
