# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# podman(1) for tests: a configuration and an image of its own; sourced.

# podman_prepare DIRECTORY [LINE...]: what it has is in the directory, and an image docker.io/library/nginx, which does nothing.
# LINEs are for [network] of containers.conf. In a container, which may not give limits and has a mixture of cgroups, containers
# have neither. For a root with a /run of its own, as podman shares what it has there.
podman_prepare() {
	local file library dir=$1 root=$1/root
	umount -l /sys/fs/cgroup/unified 2>/dev/null || true
	export CONTAINERS_STORAGE_CONF=$dir/storage.conf CONTAINERS_CONF=$dir/containers.conf PODMAN_IGNORE_CGROUPSV1_WARNING=1
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/graph"\nrunroot = "/run/containers"\n' "$dir" >"$dir/storage.conf"
	{
		printf '[containers]\ncgroups = "disabled"\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n'
		printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n'
		printf '[network]\nnetwork_config_dir = "%s/networks"\n' "$dir"
		printf '%s\n' "${@:2}"
	} >"$dir/containers.conf"
	mkdir -p "$dir/networks"
	for file in /bin/sleep /bin/sh; do
		install -D "$file" "$root$file"
		for library in $(ldd "$file" | grep -o '/[^ ]*'); do
			install -D "$library" "$root$library"
		done
	done
	tar -c -C "$root" . | podman import -q --change 'CMD ["sleep", "600"]' - docker.io/library/nginx
}

# podman_has_netavark_plugins, as a condition: they came with netavark 1.6 and podman 4.6
podman_has_netavark_plugins() {
	local version
	version=$(podman --version 2>/dev/null | sed -n 's/^podman version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
	[ -n "$version" ] && [ "$((${version% *} * 100 + ${version#* }))" -ge 406 ]
}

# podman_has_cni, as a condition: it went with podman 5
podman_has_cni() {
	local version
	version=$(podman --version 2>/dev/null | sed -n 's/^podman version \([0-9]*\)\..*/\1/p')
	[ -n "$version" ] && [ "$version" -lt 5 ]
}
