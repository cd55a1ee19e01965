#!/bin/bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2034 # variables for the tests that source this
#
# Programs that run containers, for the examples of README.md and other tests: has_PROGRAM, as a condition, says whether it is there, and
# prepare_PROGRAM has it run in the namespaces of a test, with a container or an image that is made here and only sleeps. They may
# themselves run in a container, which may not give limits and has a mixture of cgroups.

# make_root DIRECTORY: what a container needs to sleep
make_root() {
	local file library
	for file in /bin/sleep /bin/sh; do
		install -D "$file" "$1$file"
		for library in $(ldd "$file" | grep -o '/[^ ]*'); do
			install -D "$library" "$1$library"
		done
	done
}

# image ROOT: on standard output, for "import"
image() {
	tar -c -C "$1" .
}

one_kind_of_cgroups() {
	umount -l /sys/fs/cgroup/unified 2>/dev/null || true
}

# --- a machine for containers ----------------------------------------------------------------------------------------

TEST_FILE=$(realpath "$0")

# in_machine FUNCTION: run it in namespaces of its own, whose end is the end of all containers, and with a /run of its own, where
# plugins find the socket of rportd; rportd is where HOME_NS is, which is the namespace of the machine. A test file that uses this
# ends in `machine_tests "$@"`.
in_machine() {
	export TEST_TMP TEST_PREFIX
	unshare --mount --net --pid --fork --kill-child --mount-proc bash "$TEST_FILE" --inside "$1"
}

machine_main() {
	set -Eeuo pipefail
	trap 'echo "FAILED: status $? at ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" >&2' ERR
	mount --make-rprivate /
	mount -t tmpfs tmpfs /run
	mkdir /run/rportd
	ln -s "$TEST_TMP/socket" /run/rportd/org.rportd.Manager
	one_kind_of_cgroups
	ip link set lo up
	HOME_NS=${TEST_PREFIX}home
	ip netns attach "$HOME_NS" $$
	"$1"
	stop_rportd
}

machine_tests() {
	if [ "${1:-}" = --inside ]; then
		machine_main "$2"
		exit
	fi
	run_tests "$@"
}

# overlay DIRECTORY: what is written there is not seen outside of the machine
overlay() {
	mkdir -p "/run/overlay$1"/{upper,work}
	mount -t overlay -o "lowerdir=$1,upperdir=/run/overlay$1/upper,workdir=/run/overlay$1/work" overlay "$1"
}

# --- podman ----------------------------------------------------------------------------------------------------------

has_podman() {
	command -v podman >/dev/null
}

# podman_prepare DIRECTORY [LINE...]: what it has is in the directory, and used again if it is there; LINEs are for [network] of
# containers.conf. For a root with a /run of its own, as podman shares what it has there.
podman_prepare() {
	local dir=$1
	one_kind_of_cgroups
	export CONTAINERS_STORAGE_CONF=$dir/storage.conf CONTAINERS_CONF=$dir/containers.conf PODMAN_IGNORE_CGROUPSV1_WARNING=1
	[ ! -d "$dir/networks" ] || return 0
	mkdir -p "$dir/networks"
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/graph"\nrunroot = "/run/containers"\n' "$dir" >"$dir/storage.conf"
	{
		printf '[containers]\ncgroups = "disabled"\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n'
		printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
		printf '[network]\nnetwork_config_dir = "%s/networks"\n' "$dir"
		printf '%s\n' "${@:2}"
	} >"$dir/containers.conf"
	make_root "$dir/root"
	image "$dir/root" | podman import -q --change 'CMD ["sleep", "600"]' - docker.io/library/nginx
}

prepare_podman() {
	podman_prepare "$PWD"
}

# podman_version: a number, 406 for 4.6; status 1: there is none
podman_version() {
	podman --version 2>/dev/null | awk -F '[ .]' '/^podman version/ { print $3 * 100 + $4; found = 1 } END { exit !found }'
}

# podman_has_cni, podman_has_netavark_plugins, as conditions: the one went with podman 5, the others came with 4.6
podman_has_cni() {
	local version
	version=$(podman_version) && [ "$version" -lt 500 ]
}

podman_has_netavark_plugins() {
	local version
	version=$(podman_version) && [ "$version" -ge 406 ]
}

has_cni() {
	podman_has_cni && [ -x /usr/lib/cni/host-local ] && [ -x "$BUILD_DIR/plugins/rport-cni" ]
}

prepare_cni() {
	rm -f /etc/cni
	mkdir -p /etc/cni /var/lib/cni
	mount -t tmpfs tmpfs /var/lib/cni # leases of host-local
	podman_prepare "$PWD" 'network_backend = "cni"' "cni_plugin_dirs = [\"$BUILD_DIR/plugins\", \"/usr/lib/cni\"]"
	ln -s "$PWD/networks" /etc/cni/net.d
}

has_netavark() {
	podman_has_netavark_plugins && has_vrf
}

prepare_netavark() {
	podman_prepare "$PWD" "netavark_plugin_dirs = [\"$BUILD_DIR/plugins\"]"
}

# Networks have bridges and a firewall.
has_podnet() {
	has_podman && command -v iptables >/dev/null && { [ -x /usr/lib/podman/netavark ] || [ -x /usr/lib/cni/bridge ]; }
}

prepare_podnet() {
	prepare_podman
}

# Pods have a container that keeps their namespaces.
has_pod() {
	has_podman && command -v catatonit >/dev/null
}

prepare_pod() {
	prepare_podman
}

# --- docker ----------------------------------------------------------------------------------------------------------

# DOCKER_ROOT: where unpack_docker of packages.sh has put it; without, that of the machine
has_docker() {
	PATH=$PATH:/usr/sbin:/sbin command -v "${DOCKER_ROOT:-}${DOCKER_ROOT:+/usr/sbin/}dockerd" >/dev/null
}

# Without a bridge and its firewall.
prepare_docker() {
	local root=${DOCKER_ROOT:-}
	one_kind_of_cgroups
	PATH=$root/usr/bin:$root/usr/sbin:$PATH
	mkdir docker
	mount -t tmpfs docker docker
	dockerd --data-root "$PWD/docker" --exec-root /run/docker --host unix:///run/docker.sock --pidfile /run/docker.pid \
		--storage-driver vfs --bridge none --iptables=false --ip6tables=false >dockerd.log 2>&1 </dev/null &
	export DOCKER_HOST=unix:///run/docker.sock
	poll "$STEP_MS" docker version || fail "dockerd does not answer: $(tail -n 3 dockerd.log)"
	make_root root
	image root | docker import --change 'CMD ["sleep", "60"]' - nginx
}

# --- LXC and systemd-nspawn ------------------------------------------------------------------------------------------

has_lxc() {
	command -v lxc-start >/dev/null
}

prepare_lxc() {
	one_kind_of_cgroups
	make_root root
	mkdir root/proc root/sys root/dev
	mount -t tmpfs lxc /var/lib/lxc
	mkdir /var/lib/lxc/web
	cat >/var/lib/lxc/web/config <<-END
		lxc.uts.name = web
		lxc.rootfs.path = dir:$PWD/root
		lxc.init.cmd = /bin/sleep 60
		lxc.cgroup.relative = 1
		lxc.autodev = 0
		lxc.apparmor.profile = unconfined
	END
}

has_nspawn() {
	command -v systemd-nspawn >/dev/null
}

prepare_nspawn() {
	one_kind_of_cgroups
	mount -t tmpfs machines /var/lib/machines
	make_root /var/lib/machines/web
	mkdir -p /var/lib/machines/web/usr/lib
	echo ID=web >/var/lib/machines/web/usr/lib/os-release
	# where systemd does not run, nobody can register a machine
	systemd-nspawn() {
		command systemd-nspawn --register=no --keep-unit "$@"
	}
}
