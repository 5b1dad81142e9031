#!/usr/bin/env bash
# Runs the project on a machine that has nothing: a fresh Debian 12 root made with debootstrap.
#
#   deploy/bare.sh [target ...]     make targets to try: demo (the default), test
#
# The committed HEAD is cloned into the root. `demo` runs twice with ONCE=1 (limits 300 s and
# 90 s), then on a terminal until Ctrl-C; `test` once (600 s). After each run no process may be
# left. The pristine root is built once and kept in $BARE (default .hotline/bare); every run
# works on a copy, so the first figure is always that of a bare machine. KEEP=1 keeps the copy.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
readonly project=$PWD
readonly release=bookworm
readonly base=${BARE:-$project/.hotline/bare}
readonly pristine=$base/pristine
readonly root=$base/root
readonly inside=/srv/estateline

fail() {
    printf 'bare: %s\n' "$*" >&2
    exit 2
}

say() { printf 'bare: %s\n' "$*"; }

[ "$(id -u)" = 0 ] || fail "this needs root: debootstrap, mount and chroot. Run it with sudo."
for program in debootstrap git python3 unshare; do
    command -v "$program" >/dev/null ||
        fail "$program is not installed (Debian packages: debootstrap git python3 util-linux)."
done

# A mount namespace of its own: whatever happens to this script, its mounts end with it.
if [ -z "${HOTLINE_BARE_UNSHARED:-}" ]; then
    exec env HOTLINE_BARE_UNSHARED=1 unshare --mount --propagation private "$0" "$@"
fi

# --- the root --------------------------------------------------------------------------------

# The mirror this machine itself uses for the release.
mirror() {
    apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
        awk -v release="$release" '$2 == release { print $1; exit }'
}

build_pristine() {
    if [ -e "$pristine/.complete" ]; then return; fi
    local from
    from=$(mirror)
    [ -n "$from" ] || fail "this machine's apt sources name no mirror of $release."
    say "building a bare $release root, once"
    rm -rf --one-file-system "$pristine"
    mkdir -p "$base"
    debootstrap --variant=minbase --include=python3,python3-venv,git,make,ca-certificates \
        "$release" "$pristine" "$from" >"$base/debootstrap.log" ||
        fail "debootstrap failed; see $base/debootstrap.log"
    touch "$pristine/.complete"
}

# A bare machine still knows where its packages come from and whom to trust.
copy_configuration() {
    local path
    for path in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf \
        /etc/apt/apt.conf.d /etc/apt/keyrings /etc/apt/trusted.gpg.d /usr/share/keyrings \
        /etc/ssl/certs /usr/local/share/ca-certificates /etc/pip.conf /root/.config/pip \
        /root/.pip /etc/npmrc /root/.npmrc /etc/resolv.conf; do
        if [ -e "$path" ]; then
            mkdir -p "$root$(dirname "$path")"
            rm -rf "${root:?}$path"
            cp -aL "$path" "$root$path"
        fi
    done
    echo '127.0.0.1 localhost' >"$root/etc/hosts"
}

# Wheels may lie in local folders: those named by pip's settings.
local_package_folders() {
    {
        cat /etc/pip.conf /root/.config/pip/pip.conf /root/.pip/pip.conf 2>/dev/null || true
        echo "${PIP_FIND_LINKS:-} ${PIP_INDEX_URL:-} ${PIP_EXTRA_INDEX_URL:-}"
    } | grep -oE '(^|[ =]|file://)/[^ ]+' | sed -E 's/^[ =]//; s#^file://##; s#/simple/?$##' |
        sort -u | while read -r folder; do
        if [ -d "$folder" ]; then echo "$folder"; fi
    done
}

mount_all() {
    local folder
    mount --bind /proc "$root/proc"
    mount --rbind /dev "$root/dev"
    while read -r folder; do
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
        mount -o remount,bind,ro "$root$folder"
    done < <(local_package_folders)
}

unmount_all() {
    local point
    while read -r point; do umount -l "$point"; done < <(mounts_below)
}

mounts_below() { awk -v root="$root/" 'index($2, root) == 1 { print $2 }' /proc/mounts | tac; }

# --- what runs in it -------------------------------------------------------------------------

processes_in_root() {
    local link
    for link in /proc/[0-9]*/root; do
        if [ "$(readlink "$link" 2>/dev/null)" = "$root" ]; then echo "${link//[!0-9]/}"; fi
    done
}

end_processes_in_root() {
    local pid
    for pid in $(processes_in_root); do kill -9 "$pid" 2>/dev/null || true; done
}

clean_up() {
    end_processes_in_root
    unmount_all
    if [ -z "${KEEP:-}" ] && [ -z "$(mounts_below)" ]; then rm -rf --one-file-system "$root"; fi
}

# Prints the environment a person on the bare machine has, and how its pip reaches an index.
clean_environment() {
    printf '%s\0' PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LANG=C.UTF-8 TERM=xterm
    env -0 | grep -zE '^(PIP_|SSL_CERT_|REQUESTS_CA_BUNDLE|[a-zA-Z]+_proxy=|[A-Z]+_PROXY=)' || true
}

in_root() {
    local environment
    mapfile -d '' -t environment < <(clean_environment)
    env -i "${environment[@]}" chroot "$root" "$@"
}

failures=()

check() { # what, then the condition
    local what=$1
    shift
    if "$@"; then say "ok    $what"; else
        say "FAIL  $what"
        failures+=("$what")
    fi
}

nothing_left() {
    local tries left
    for tries in 1 2 3 4 5 6 7 8 9 10; do
        left=$(processes_in_root)
        if [ -z "$left" ]; then return 0; fi
        sleep 0.3
    done
    local pid
    for pid in $left; do say "left: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"; done
    end_processes_in_root
    return 1
}

timed() { # what, limit in seconds, then the command
    local what=$1 limit=$2 began status=0 log took
    shift 2
    log="$base/$(tr -c 'a-z0-9\n' '-' <<<"$what").log"
    began=$(date +%s.%N)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    took=$(awk -v began="$began" -v ended="$(date +%s.%N)" 'BEGIN { printf "%.1f", ended - began }')
    if [ "$status" != 0 ]; then tail -n 30 "$log"; fi
    check "$what: exit code 0 (was $status; log $log)" [ "$status" = 0 ]
    check "$what: $took s of at most $limit s" \
        awk -v took="$took" -v limit="$limit" 'BEGIN { exit took > limit }'
    check "$what: nothing left behind" nothing_left
}

refuse_without_root() {
    local said status=0
    said=$(env -i PATH=/usr/sbin:/usr/bin:/bin chroot --userspec=65534:65534 "$root" \
        "$inside/deploy/setup.sh" 2>&1) || status=$?
    check "without root: exit code 2 (was $status)" [ "$status" = 2 ]
    check "without root: names rabbitmq-server and libcurl4" \
        grep -q 'rabbitmq-server libcurl4' <<<"$said"
}

try_demo() {
    timed "demo, first" 300 in_root make -C "$inside" demo ONCE=1
    timed "demo, second" 90 in_root make -C "$inside" demo ONCE=1
    check "demo on a terminal: ready, and ends on Ctrl-C" demo_on_terminal
    check "demo on a terminal: nothing left behind" nothing_left
}

# Ready is: a file with the addresses is there and the screen says how to stop.
demo_on_terminal() {
    local environment
    mapfile -d '' -t environment < <(clean_environment)
    env -i "${environment[@]}" python3 - "$root$inside/.hotline" \
        "$base/demo-terminal.log" chroot "$root" make -C "$inside" demo <<'PYTHON'
import os, pathlib, pty, select, sys, time

data, log, argv = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(argv[0], argv)

screen, closed = b"", False

def read_until(happened, limit):
    """Read the terminal until the condition holds or everything on it has ended."""
    global screen, closed
    until = time.monotonic() + limit
    while not happened():
        if time.monotonic() > until:
            return False
        if closed:
            time.sleep(0.1)
        elif select.select([terminal], [], [], 0.2)[0]:
            try:
                screen += os.read(terminal, 65536)
            except OSError:  # nobody holds the other end any more
                closed = True
    return True

def ended():
    global status
    if status is None:
        done, code = os.waitpid(pid, os.WNOHANG)
        status = code if done else None
    return status is not None

def serving():
    """The demo may keep its data in a folder of its own below the usual one."""
    written = (data / "endpoints.json").exists() or any(data.glob("*/endpoints.json"))
    return written and b"Ctrl-C" in screen

status = None
ready = read_until(lambda: serving() or ended(), 180) and not ended()
if not ended():
    os.write(terminal, b"\x03")
stopped = read_until(ended, 60)
log.write_bytes(screen)
print(f"bare: ready {ready}, stopped {stopped}, status {status}; log {log}")
# make itself ends by the signal it got, so its exit code says nothing about the demo's.
sys.exit(not (ready and stopped))
PYTHON
}

try_test() { timed "test" 600 in_root make -C "$inside" test; }

# --- the trial -------------------------------------------------------------------------------

trap clean_up EXIT
trap 'exit 130' INT TERM
build_pristine
unmount_all
rm -rf --one-file-system "$root"
cp -a "$pristine" "$root"
copy_configuration
git clone --quiet "$project" "$root$inside"
mount_all
refuse_without_root
for target in "${@:-demo}"; do
    case $target in
    demo) try_demo ;;
    test) try_test ;;
    *) fail "no trial is known for the target $target; name demo or test." ;;
    esac
done
if [ ${#failures[@]} != 0 ]; then
    say "${#failures[@]} checks failed"
    exit 1
fi
say "all checks passed"
