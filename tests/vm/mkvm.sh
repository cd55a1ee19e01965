#!/bin/sh -eu
# SPDX-License-Identifier: ISC
#
# mkvm.sh OUTDIR: make a small Debian 13 for the tests, as root:
#
#	OUTDIR/rootfs		the root directory, for tests/systemd/nsboot
#	OUTDIR/root.ext4	the same as a disk image, for vmrun
#	OUTDIR/vmlinuz		Debian 13's kernel (6.12)
#	OUTDIR/vmlinuz-6.1	Debian 12's kernel; the modules of both are in the image
#	OUTDIR/cache		packages, so that the next build need not fetch them
#
# Nothing is done when this has been built by the same mkvm.sh before. Packages come from the
# mirror that apt is configured for. The host needs debootstrap, apt, e2fsprogs and util-linux.
# Nothing stays mounted: the build has a mount namespace of its own. That is a slave, so that it does not keep the network
# namespaces of others alive, whose names it has mounted, too.

[ "${MKVM_NAMESPACE-}" ] || MKVM_NAMESPACE=1 exec unshare -m --propagation slave "$0" "$@"

mkdir -p "$1"
out=$(realpath "$1")
exec 9>"$out/lock" # one build at a time
flock 9
stamp=$(sha256sum <"$0")
[ "$(cat "$out/stamp" 2>/dev/null)" != "$stamp" ] || exit 0

root=$out/rootfs
cache=$out/cache
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
packages=systemd,systemd-sysv,dbus,udev,kmod,procps,iproute2,iputils-ping,jq,tcpdump,socat,nftables,\
libcap2-bin,liburing2,libjansson4,libsmartcols1,libncursesw6,libmicrohttpd12t64,libinih1,libbpf1,libnl-route-3-200,libmnl0,\
network-manager,frr,podman,netavark,crun
rm -rf "$out/stamp" "$root" "$out/root.ext4" "$cache/apt"
mkdir -p "$cache/debs"

# the mirror of Debian that apt is configured for; empty before `apt-get update'
apt_mirror() {
	# shellcheck disable=SC2016 # the format is apt's
	apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' \
		'Created-By: Packages' | sed -n 1p
}

mirror=$(apt_mirror)
if [ -z "$mirror" ]; then
	apt-get -qq update >&2 || true
	mirror=$(apt_mirror)
fi
if [ -z "$mirror" ]; then
	echo "mkvm.sh: apt is configured for no mirror of Debian" >&2
	exit 1
fi
proxy=$(apt-config shell proxy Acquire::http::Proxy)
eval "$proxy"
[ -z "${proxy-}" ] || export http_proxy="$proxy"

# apt with a configuration and state of its own
private_apt() {
	tool=$1
	shift
	"$tool" -qq -o Dir="$cache/apt" -o Dir::State::status="$cache/apt/status" \
		-o Dir::Etc::trusted=/dev/null -o Dir::Etc::trustedparts=/dev/null \
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# fetch_kernel SUITE: print the path of the package with that suite's kernel
fetch_kernel() {
	rm -rf "$cache/apt"
	mkdir -p "$cache/apt/etc/apt/apt.conf.d" "$cache/apt/etc/apt/preferences.d" \
		"$cache/apt/var/lib/apt/lists/partial" "$cache/apt/var/cache/apt/archives/partial"
	: >"$cache/apt/status"
	echo "deb [signed-by=$keyring] $mirror $1 main" >"$cache/apt/etc/apt/sources.list"
	private_apt apt-get update >&2
	image=$(private_apt apt-cache depends linux-image-cloud-amd64 |
		sed -n 's/^ *Depends: //p')
	mkdir -p "$cache/$1"
	(cd "$cache/$1" && private_apt apt-get download "$image" >&2)
	find "$cache/$1" -name "${image}_*.deb" | sort -V | tail -n 1
}

# add_kernel SUITE FILE: put the modules into the root directory and the kernel into FILE
add_kernel() {
	dpkg-deb --fsys-tarfile "$(fetch_kernel "$1")" |
		tar -C "$root" -x --keep-directory-symlink
	for kernel in "$root"/boot/vmlinuz-*; do
		chroot "$root" depmod "${kernel##*/vmlinuz-}"
		mv "$kernel" "$out/$2"
	done
	rm -rf "${root:?}/boot"
}

if ! debootstrap --variant=minbase --include="$packages" --keyring="$keyring" \
	--cache-dir="$cache/debs" trixie "$root" "$mirror" >"$out/debootstrap.log" 2>&1; then
	tail -n 20 "$out/debootstrap.log" >&2
	exit 1
fi
add_kernel trixie vmlinuz
add_kernel bookworm vmlinuz-6.1
rm -rf "$cache/apt" "$root"/var/cache/apt "$root"/var/lib/apt/lists "$root"/usr/share/doc \
	"$root"/usr/share/man "$root"/usr/share/locale

# A quick boot: no units that look for hardware, users or updates, and no fsck.
: >"$root/etc/fstab"
echo vm >"$root/etc/hostname"
touch "$root/etc/.updated" "$root/var/.updated"
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
	fstrim.timer systemd-tmpfiles-clean.timer getty.target systemd-logind.service \
	systemd-user-sessions.service modprobe@drm.service modprobe@fuse.service \
	modprobe@configfs.service sys-fs-fuse-connections.mount sys-kernel-config.mount \
	sys-kernel-debug.mount dev-hugepages.mount dev-mqueue.mount run-lock.mount \
	systemd-hostnamed.socket systemd-sysext.socket systemd-creds.socket \
	systemd-initctl.socket proc-sys-fs-binfmt_misc.automount systemd-journal-flush.service \
	systemd-remount-fs.service systemd-udev-load-credentials.service \
	systemd-udev-trigger.service systemd-ask-password-console.path \
	systemd-ask-password-wall.path systemd-update-utmp.service systemd-random-seed.service \
	systemd-pstore.service ldconfig.service systemd-journal-catalog-update.service \
	systemd-update-done.service systemd-sysusers.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# for the tests that start it
systemctl -q --root="$root" disable frr.service NetworkManager.service NetworkManager-dispatcher.service \
	NetworkManager-wait-online.service
mkdir -p "$root/etc/systemd/journald.conf.d" "$root/etc/systemd/system/vmtest.target.wants"
printf '[Journal]\nStorage=volatile\n' >"$root/etc/systemd/journald.conf.d/test.conf"
cat >"$root/etc/systemd/system/vmtest.service" <<'UNIT'
[Unit]
After=multi-user.target dbus.service

[Service]
Type=exec
ExecStart=/usr/local/sbin/vmtest
UNIT
cat >"$root/etc/systemd/system/vmtest.target" <<'UNIT'
[Unit]
Requires=multi-user.target
Wants=vmtest.service
After=multi-user.target
UNIT
cat >"$root/usr/local/sbin/vmtest" <<'SCRIPT'
#!/bin/sh
# Run vmrun.sh of the tree, which is a tar archive on /dev/vda, and power off. What it prints and
# its exit status leave by two virtio-serial ports.
modprobe -qa virtio_pci virtio_console virtio_blk
tries=0
while [ $tries -lt 200 ]; do
	for port in /sys/class/virtio-ports/vport*; do
		case $(cat "$port/name" 2>/dev/null) in
		out) out=/dev/${port##*/} ;;
		status) status=/dev/${port##*/} ;;
		esac
	done
	[ -c "${out-}" ] && [ -c "${status-}" ] && [ -b /dev/vda ] && break
	sleep .05
	tries=$((tries + 1))
done
exec >"$out" 2>&1
mkdir -p /t && tar -C /t -xf /dev/vda && cd /t && ./vmrun.sh
echo $? >"$status"
exec systemctl poweroff -ff >/dev/null 2>&1
SCRIPT
chmod 755 "$root/usr/local/sbin/vmtest"
mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -d "$root" \
	"$out/root.ext4" 1G >/dev/null
echo "$stamp" >"$out/stamp"
