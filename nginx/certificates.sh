#!/bin/sh
# The certificate for HTTPS (docker-compose.tls.yml), before nginx starts: checks that of TLS_CERTIFICATES, or makes a self-signed
# one for TLS_NAMES. It ends with one sentence where nginx would only say that a library of its own has failed. Run as nginx's
# user, so that what can be read here can be read there.
set -eu
LC_ALL=C
export LC_ALL
# The key is nobody else's.
umask 077

folder=${CERTIFICATES_FOLDER:-/certificates}
chain=$folder/fullchain.pem
key=$folder/privkey.pem
own=${TLS_CERTIFICATES:-}
names=${TLS_NAMES:-localhost,raspberrypi,raspberrypi.local,127.0.0.1,::1}

refuse() {
    printf '%s\n' "$1" >&2
    exit 1
}

# Whether both files are there and belong together: a start that was cut off in between may have left the half.
fits() {
    certified=$(openssl x509 -in "$chain" -noout -pubkey 2>/dev/null) &&
        [ "$certified" = "$(openssl pkey -in "$key" -passin pass: -pubout 2>/dev/null)" ]
}

ends() {
    openssl x509 -in "$chain" -noout -enddate | cut -d = -f 2
}

check_own() {
    { [ -r "$folder" ] && [ -x "$folder" ]; } ||
        refuse "The folder $own cannot be read by user 101, who is nginx: sudo chown -R 101 $own"
    for file in fullchain.pem privkey.pem; do
        if [ -L "$folder/$file" ] && [ ! -e "$folder/$file" ]; then
            refuse "$own/$file is a link that leads out of the folder, where nginx cannot follow. Copy the files themselves (cp -L), and again after each renewal."
        fi
        [ -f "$folder/$file" ] ||
            refuse "There is no $file in $own. Pinstream needs fullchain.pem, the certificate, and privkey.pem, its key; without TLS_CERTIFICATES it makes a self-signed one."
        [ -r "$folder/$file" ] ||
            refuse "$own/$file cannot be read by user 101, who is nginx: sudo chown -R 101 $own"
    done
    openssl x509 -in "$chain" -noout 2>/dev/null ||
        refuse "$own/fullchain.pem is not a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----."
    if grep -q ENCRYPTED "$key"; then
        refuse "$own/privkey.pem is encrypted, and nobody is there to type its password. Take that off: openssl pkey -in privkey.pem -out new.pem"
    fi
    openssl pkey -in "$key" -passin pass: -noout 2>/dev/null ||
        refuse "$own/privkey.pem is not a key in PEM, which begins with -----BEGIN PRIVATE KEY-----."
    fits ||
        refuse "The key in $own/privkey.pem does not belong to the certificate in $own/fullchain.pem. The first certificate there must be the server's own, not that of who signed it."
    openssl x509 -in "$chain" -noout -checkend 0 >/dev/null ||
        refuse "The certificate in $own/fullchain.pem has ended on $(ends). Renew it, or set this machine's clock if it is wrong."
    if openssl x509 -in "$chain" -noout -checkend 1209600 >/dev/null; then
        echo "The certificate in $own/fullchain.pem is good until $(ends)."
    else
        echo "The certificate in $own/fullchain.pem ends on $(ends). Renew it in time."
    fi
}

# The names as openssl wants them: DNS:a,IP:1.2.3.4
wanted() {
    list=
    IFS=,
    set -f
    for name in $names; do
        name=${name#"${name%%[! 	]*}"}
        name=${name%"${name##*[! 	]}"}
        case $name in
        '') continue ;;
        *[!A-Za-z0-9._:*-]*) return 1 ;;
        *:*) kind=IP ;;
        *[!0-9.]*) kind=DNS ;;
        *) kind=IP ;;
        esac
        list=$list${list:+,}$kind:$name
    done
    [ -n "$list" ] || return 1
    printf '%s\n' "$list"
}

make() {
    cat >/tmp/openssl.cnf <<CONF
[req]
distinguished_name = dn
x509_extensions = extensions
prompt = no
[dn]
CN = Pinstream, self-signed
[extensions]
subjectAltName = $1
# Whoever trusts it trusts this machine, and nobody whom it might sign for.
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
CONF
    # 825 days are the most that browsers take. An elliptic curve: with RSA each handshake costs a Pi many times as much.
    openssl req -x509 -config /tmp/openssl.cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 820 \
        -keyout "$key.new" -out "$chain.new" 2>/tmp/said ||
        refuse "No certificate could be made for TLS_NAMES=\"$names\". They must be names and addresses like raspberrypi.local,192.168.1.5. $(head -n 1 /tmp/said)"
    mv "$key.new" "$key"
    mv "$chain.new" "$chain"
    printf '%s\n' "$1" >"$folder/names"
    echo "Made a self-signed certificate."
}

if [ -n "$own" ]; then
    check_own
    exit 0
fi
list=$(wanted) ||
    refuse "TLS_NAMES must be a list of names and addresses like raspberrypi.local,192.168.1.5, but is \"$(printf '%s' "$names" | tr -c '[:print:]' '?' | cut -c 1-200)\"."
# Half a year before its end, since it may be as long until the next `docker compose up`.
if ! fits || [ "$(cat "$folder/names" 2>/dev/null)" != "$list" ] ||
    ! openssl x509 -in "$chain" -noout -checkend 15552000 >/dev/null; then
    make "$list"
fi
# So that whoever is asked by a browser can tell ours from somebody else's.
echo "It is for $list, until $(ends). Its SHA-256 fingerprint: $(openssl x509 -in "$chain" -noout -fingerprint -sha256 | cut -d = -f 2)"
