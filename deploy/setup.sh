#!/usr/bin/env bash
# Makes this checkout ready to run: Debian packages, .venv with hashed requirements, `hotline`.
#
#   deploy/setup.sh embedded    what `make demo` needs (the default)
#   deploy/setup.sh watch       Prometheus and Alertmanager on top, for `hotline up --watch`
#   deploy/setup.sh dev         what `make test` and `make check` need on top: Chromium, for one
#   deploy/setup.sh faults      what `make faults` needs on top of that: Node with its libraries, and
#                               Debian's nginx
#
# Prometheus, Alertmanager and nginx are Debian's, unpacked below build/ and not installed.
#
# It can be run again at any time: what is there already is not touched, and when nothing is to
# be done it ends within a moment. Without the right to install packages it names them and exits 2.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
readonly project=$PWD
readonly kind=${1:-embedded}
layer=${kind/#faults/dev}
layer=${layer/#watch/embedded}
readonly layer
readonly requirements=requirements/$layer.txt
readonly venv=$project/.venv

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 2
}

say() { printf 'setup: %s\n' "$*"; }

# --- Debian packages -------------------------------------------------------------------------

has_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

# The script itself counts: the wrapper on the PATH of a half-removed package does not start it.
has_rabbitmq() {
    command -v erl >/dev/null && command -v epmd >/dev/null &&
        { [ -e /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null; }
}

# Only the mongod of the wheel needs it; one on the PATH brings its own libraries.
has_libcurl() { command -v mongod >/dev/null || ldconfig_lists libcurl.so.4; }

# A browser opens the pages in tests. Ubuntu has it as a snap only; there these tests are skipped.
has_browser() { command -v chromium >/dev/null || grep -qs '^ID=ubuntu' /etc/os-release; }

# What a browser draws Chinese with: pictures of the pages show words, not boxes.
has_chinese() {
    [ -d /usr/share/fonts/truetype/wqy ] || [ -n "$(fc-list :lang=zh 2>/dev/null)" ]
}

ldconfig_lists() {
    local listing
    listing=$("$(command -v ldconfig || echo /sbin/ldconfig)" -p)
    [[ $listing == *"$1"* ]]
}

missing_packages() {
    has_venv || echo python3-venv
    has_rabbitmq || echo rabbitmq-server
    has_libcurl || echo libcurl4
    if [ "$layer" = dev ]; then
        has_browser || echo chromium
        has_chinese || echo fonts-wqy-microhei
    fi
    if [ "$kind" = faults ]; then
        command -v node >/dev/null || echo nodejs
        command -v npm >/dev/null || echo npm
    fi
}

# Sets `become` to what runs a command as root: nothing, or sudo without a question.
find_root() {
    become=()
    if [ "$(id -u)" = 0 ]; then return 0; fi
    become=(sudo -n)
    sudo -n true 2>/dev/null
}

# The package would start a node for the whole machine, on the ports everybody expects; ours is
# private. So no service may start while it is installed, and what an install script starts all
# the same (epmd is a daemon) is ended, recognised by a mark in its environment.
install_packages() {
    local mark policy=/usr/sbin/policy-rc.d
    mark="HOTLINE_SETUP_MARK=$$-$RANDOM$RANDOM"
    local placed=
    if [ ! -e "$policy" ]; then
        "${become[@]}" sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
        placed=yes
    fi
    local status=0
    apt "$mark" "$@" || status=$?
    if [ -n "$placed" ]; then "${become[@]}" rm -f "$policy"; fi
    end_started "$mark"
    [ "$status" = 0 ] || fail "apt-get could not install: $*. Its messages are above; install" \
        "them yourself (apt-get install $*) and run this again."
    if [ -d /run/systemd/system ] && [[ " $* " == *" rabbitmq-server "* ]]; then
        # Enabled by the package, it would start with the machine from the next boot on.
        "${become[@]}" systemctl disable --quiet rabbitmq-server.service epmd.socket || true
    fi
}

apt() {
    local mark=$1
    shift
    local quiet=(-qq -o=Dpkg::Use-Pty=0)
    local run=("${become[@]}" env "$mark" DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get)
    # Without an update a machine that knows the packages already may still install them.
    "${run[@]}" "${quiet[@]}" update || true
    "${run[@]}" "${quiet[@]}" install -y --no-install-recommends "$@" >/dev/null
}

end_started() {
    local environment pid
    for environment in /proc/[0-9]*/environ; do
        pid=${environment//[!0-9]/}
        if "${become[@]}" grep -qzxF "$1" "$environment" 2>/dev/null; then
            "${become[@]}" kill "$pid" 2>/dev/null || true
        fi
    done
}

ensure_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} = 0 ]; then return; fi
    if ! command -v apt-get >/dev/null; then
        fail "these are not installed, and there is no apt-get here: ${missing[*]} (Debian's" \
            "names). Install them with this system's own means and run this again."
    fi
    if ! find_root; then
        fail "these Debian packages are not installed: ${missing[*]}. This user may not install" \
            "them; run as root:  apt-get install --no-install-recommends ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    install_packages "${missing[@]}"
    mapfile -t missing < <(missing_packages)
    if [ ${#missing[@]} != 0 ]; then fail "still not there after installing: ${missing[*]}"; fi
}

# --- Python ----------------------------------------------------------------------------------

ensure_python() {
    command -v python3 >/dev/null || fail "python3 is not installed; 3.11 or newer is needed."
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$(python3 --version) is too old; 3.11 or newer is needed."
}

# What the environment was made from; the interpreter too, which a system upgrade may replace.
fingerprint() {
    { cat "$1" deploy/setup.sh && python3 -c 'import sys; print(sys.version, sys.argv[1])' \
        "$project"; } | sha256sum | cut -d' ' -f1
}

is_current() { [ -x "$venv/bin/hotline" ] && [ "$(stamp_of "$1")" = "$(fingerprint "$2")" ]; }

stamp_of() { cat "$venv/.made-from-$1" 2>/dev/null || true; }

# dev.txt holds all of embedded.txt at the same versions.
is_ready() {
    is_current "$layer" "$requirements" ||
        { [ "$layer" = embedded ] && is_current dev requirements/dev.txt; }
}

make_venv() {
    if ! "$venv/bin/python" -c '' 2>/dev/null; then
        say "making .venv"
        python3 -m venv --clear "$venv"
    fi
    say "installing $requirements"
    # Every version and its hash is in the file: nothing is left to resolve or to build. Compiled
    # below, on all processors.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --require-hashes --only-binary=:all: --no-compile -r "$requirements" ||
        fail "pip could not install $requirements; its messages are above. See that its index" \
            "can be reached (pip config list) and run this again."
    install_project
    compile_python "$venv/lib"
    fingerprint "$requirements" >"$venv/.made-from-$layer"
    say "ready: .venv/bin/hotline"
}

# Where PYTHONDONTWRITEBYTECODE is set nothing would ever be kept, and each start of each service
# would compile all it imports anew: twice the time. Packages hold templates of Python that is no
# Python yet, which is no fault.
compile_python() {
    "$venv/bin/python" -m compileall -q -j 0 "$@" >/dev/null || true
}

# The same as an editable install, without a build and what a build would have to download.
install_project() {
    local packages
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$project" >"$packages/estateline.pth"
    cat >"$venv/bin/hotline" <<'COMMAND'
#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/python" -m hotline "$@"
COMMAND
    chmod 755 "$venv/bin/hotline"
}

# --- The console's script --------------------------------------------------------------------

# htmx is one file of a wheel whose hash is pinned: it is unpacked, and nothing is installed.
ensure_assets() {
    local from=requirements/assets.txt into=build/console made
    made=$(sha256sum "$from" | cut -d' ' -f1)
    if [ "$(cat "$into/.made-from" 2>/dev/null || true)" = "$made" ]; then return 0; fi
    say "unpacking $from"
    rm -rf "$into"
    mkdir -p "$into/wheel"
    "$venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --require-hashes --only-binary=:all: -r "$from" -d "$into/wheel" ||
        fail "pip could not download $from; its messages are above. See that its index can be" \
            "reached (pip config list) and run this again."
    "$venv/bin/python" -m zipfile -e "$into"/wheel/*.whl "$into/wheel"
    cp "$into/wheel/django_htmx/static/django_htmx/htmx-2.min.js" "$into/htmx.js"
    rm -rf "$into/wheel"
    echo "$made" >"$into/.made-from"
}

# --- Node ------------------------------------------------------------------------------------

# Exactly what the lock file names, with its hashes; nothing of it is run while it is installed.
ensure_node() {
    local from=faults/node into=build/node made
    made=$(cat "$from"/package*.json | sha256sum | cut -d' ' -f1)
    if [ "$(cat "$into/.made-from" 2>/dev/null || true)" = "$made" ]; then return 0; fi
    [ "$(node -p 'process.versions.node.split(".")[0] >= 18')" = true ] ||
        fail "node $(node --version) is too old; 18 or newer is needed."
    say "installing $from"
    rm -rf "$into"
    mkdir -p "$into"
    cp "$from"/package*.json "$into"
    (cd "$into" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
        fail "npm could not install $from; its messages are above. See that its registry can be" \
            "reached (npm config list) and run this again."
    echo "$made" >"$into/.made-from"
}

# --- Programs that are unpacked and not installed ----------------------------------------------

# A machine that has every package may know no list of them any more.
download() {
    apt-get download -qq "$1" 2>/dev/null && return 0
    find_root && "${become[@]}" apt-get -qq update 2>/dev/null && apt-get download -qq "$1" 2>/dev/null
}

# Their packages would start a server for the whole machine; ours are files under build/ that we
# start ourselves. One that is on the PATH is used as it is.
ensure_unpacked() {
    local package=$1 program=$2 asks=$3 into=build/$1
    if command -v "$(basename "$program")" >/dev/null || "$into/$program" "$asks" >/dev/null 2>&1; then
        return 0
    fi
    say "unpacking $package"
    rm -rf "$into"
    mkdir -p "$into"
    (cd "$into" && download "$package" &&
        dpkg-deb -x "$package"_*.deb . && rm "$package"_*.deb) ||
        fail "apt-get could not download $package. Run \`apt-get update\` as root, or install it."
    "$into/$program" "$asks" >/dev/null 2>&1 ||
        fail "$program does not run here; install it (apt-get install $package)."
}

ensure_watch() {
    ensure_unpacked prometheus usr/bin/prometheus --version
    ensure_unpacked prometheus-alertmanager usr/bin/prometheus-alertmanager --version
    # Debian's looks for its templates below / and nowhere else, where only root could put them: in
    # ours the path begins in the folder that it is started in.
    local into=build/prometheus-alertmanager/usr/bin/prometheus-alertmanager
    if [ -e "$into" ] && grep -aq /usr/share/prometheus/alertmanager "$into"; then
        LC_ALL=C sed -i 's#/usr/share/prometheus/alertmanager#usr/share/prometheus//alertmanager#g' "$into"
    fi
}

[ -f "$requirements" ] || fail "there is no $requirements; name embedded, watch, dev or faults."
ensure_python
ensure_packages
if [ "$kind" != embedded ]; then ensure_watch; fi
if [ "$kind" = faults ]; then
    ensure_node
    ensure_unpacked nginx usr/sbin/nginx -v
fi
if ! is_ready; then make_venv; fi
ensure_assets
compile_python services shared hotline
