#!/bin/sh
# Speaks as the programs of libgpiod 2.2.1 do, word for word. fakeGpiod.ts gives it their names, and the files beside it say how
# the pins are. Whoever holds a line does what is written into its pipe: `out TEXT`, `err TEXT`, `exit CODE`.
tool=${0##*/}
here=${0%/*}
echo "$tool $*" >>"$here/calls"

fail() {
  echo "$tool: $1" >&2
  exit 1
}

if [ "$1" = --version ]; then
  sed "s/TOOL/$tool/" "$here/version"
  exit
fi

if [ "$tool" = gpiodetect ]; then
  cat "$here/chips"
  status=0
  while read -r device; do
    echo "$tool: unable to open chip '$device': $(cat "$here/refusal")" >&2
    status=1
  done <"$here/denied"
  exit $status
fi

# A process that ended counts as gone, even where nobody has asked how.
runs() {
  kill -0 "$1" 2>/dev/null && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null
}

chip='' line=''
while [ $# -gt 0 ]; do
  case $1 in
    -C | -b | -p | -F) shift ;;
    -c) chip=$2 && shift ;;
    -*) ;;
    *) line=$1 ;;
  esac
  shift
done
gpio=${line%=*}
holder=$here/holder$gpio

if [ "$tool" = gpioinfo ]; then
  printf '%s %s\tunnamed         \tinput' "${chip##*/}" "$gpio"
  [ ! -e "$holder" ] || printf ' consumer=%s' "$(cat "$holder")"
  echo
  exit
fi

[ -e "$chip" ] || fail "cannot find GPIO chip character device '$chip'"
pid=$(cat "$here/pid$gpio" 2>/dev/null)
if [ -e "$holder" ] || { [ -n "$pid" ] && runs "$pid"; }; then
  case $tool in
    gpioget) fail 'unable to request lines: Device or resource busy' ;;
    gpiomon) fail "unable to request lines on chip $chip: Device or resource busy" ;;
    gpioset) fail "unable to request lines on chip '$chip': Device or resource busy" ;;
  esac
fi

if [ "$tool" = gpioget ]; then
  cat "$here/level$gpio"
  exit
fi

echo $$ >"$here/pid$gpio"
exec 3<>"$here/pipe$gpio"
if [ -e "$here/mute" ]; then
  : # It hangs before it has the line.
elif [ "$tool" = gpiomon ]; then
  echo "Monitoring line '$gpio'..."
else
  echo "${line#*=}" >"$here/level$gpio"
  echo "Setting line '$gpio'..."
fi
while read -r verb text <&3; do
  case $verb in
    out) printf '%b\n' "$text" ;;
    err) echo "$tool: $text" >&2 ;;
    exit) exit "$text" ;;
  esac
done
