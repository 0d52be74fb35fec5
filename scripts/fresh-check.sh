#!/usr/bin/env bash
# Runs a command of this repository on a fresh Debian 12 that has nothing but apt and git.
set -u
cd "$(dirname "$0")/.." || exit 2

usage() {
  cat <<'TEXT'
Usage: scripts/fresh-check.sh [--as-user] [--keep] COMMAND [ARGUMENTS...]
       scripts/fresh-check.sh ./run-tests.sh

Unpacks a minimal Debian 12 with git into a temporary folder (debootstrap, from the mirrors this machine's apt uses),
clones the last commit of this repository into it and runs COMMAND there, in name spaces of its own with only /proc and
/dev from outside. Ends with COMMAND's exit code and removes everything. Needs root.

  --as-user  run COMMAND as a user who may not use sudo, in a clone of their own
  --keep     leave the folder behind and say where it is
TEXT
}

as_user=no keep=no
while [ $# -gt 0 ]; do
  case "$1" in
    --as-user) as_user=yes ;;
    --keep) keep=yes ;;
    --help | -h) usage; exit 0 ;;
    -*)
      echo "fresh-check.sh: not understood: $1" >&2
      usage >&2
      exit 2
      ;;
    *) break ;;
  esac
  shift
done
if [ $# -eq 0 ]; then
  usage >&2
  exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "fresh-check.sh: needs root for debootstrap and chroot: run it with sudo" >&2
  exit 2
fi

# shellcheck source=scripts/setup.sh
. scripts/setup.sh
setup_packages fresh || exit 1

suite=bookworm
fresh=$(mktemp -d "${TMPDIR:-/tmp}/millrace-fresh.XXXXXX") || exit 1
chmod 755 "$fresh"
clean_up() {
  if [ "$keep" = yes ]; then
    echo "left behind: $fresh"
  else
    rm -rf --one-file-system "$fresh"
  fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# The lines of a sources.list for what this machine's apt takes from Debian.
debian_sources() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(ORIGIN)|deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    sed -n 's/^Debian|//p' | sort -u
}

mirror=$(debian_sources | awk -v suite="$suite" '$3 == suite {print $2; exit}')
if [ -z "$mirror" ]; then
  echo "fresh-check.sh: this machine's apt has no Debian $suite: run apt-get update, or use a Debian 12" >&2
  exit 2
fi

unpack() {
  debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$fresh" "$mirror" || return 1
  debian_sources >"$fresh/etc/apt/sources.list"
  apt-config dump Acquire | grep -i '::proxy' >"$fresh/etc/apt/apt.conf.d/99mirror"
  cp /etc/resolv.conf /etc/hosts "$fresh/etc/"
  rm -rf "$fresh"/var/lib/apt/lists/*
  git clone --quiet --no-hardlinks "file://$PWD" "$fresh/srv/millrace" || return 1
  if [ "$as_user" = yes ]; then
    chroot "$fresh" useradd --create-home someone && chroot "$fresh" chown -R someone: /srv/millrace
  fi
}
setup_phase unpack unpack || { setup_show_log unpack; exit 1; }

user=root
[ "$as_user" = yes ] && user=someone
# The name spaces end with the command: no mount and no process of it stays.
# shellcheck disable=SC2016
unshare --mount --propagation private --pid --fork --kill-child bash -c '
  fresh=$1 user=$2
  shift 2
  mount -t proc proc "$fresh/proc" && mount --rbind /dev "$fresh/dev" || exit 1
  home=$(chroot "$fresh" getent passwd "$user" | cut -d: -f6)
  exec chroot --userspec="$user" "$fresh" /usr/bin/env -i HOME="$home" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    bash -c "cd /srv/millrace && exec \"\$@\"" bash "$@"
' bash "$fresh" "$user" "$@"
