#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Build the Debian package, look at it, and install, upgrade and remove it: under the host's own systemd (Debian 12 has 252), under
# that of a Debian 13 (257), and in a virtual machine, which is rebooted. Environment: see ../vm/guest.sh.

. "${0%/*}/../vm/guest.sh"
. "${0%/*}/../packages.sh"

PACKAGES='' # the directory with what was built
BROKEN='' # a build failed
UNDER_BOTH='' # the process that installs under two systemds
LOGS=${RESULTS:+${RESULTS%/*}}

# step NAME COMMAND...: one result; what it said is shown when it failed
step() {
	local name=$1 log started
	shift
	log=${LOGS:-$PACKAGES}/package.$name.log
	started=$(now_ms)
	if "$@" >"$log" 2>&1 </dev/null; then
		result ok "package.$name" " ($(seconds_since "$started")s)"
	else
		result 'not ok' "package.$name" " ($(seconds_since "$started")s)"
		tail -n 40 "$log" | cut -c 1-400 | sed 's/^/  | /'
		FAILED=1
		return 1
	fi
}

# version: that of the package in this tree
version() {
	dpkg-parsechangelog -l "$1/debian/changelog" -S Version
}

# next_version TREE: one more entry in the changelog, and nothing else is different
next_version() {
	{
		printf '%s\n' "rport ($(version "$1")+next) unstable; urgency=medium" '' '  * The same again.' '' \
			' -- The rport for Linux authors <rport@example.org>  Tue, 24 Nov 2026 12:00:00 +0000' ''
		cat "$1/debian/changelog"
	} >"$1/changelog" && mv "$1/changelog" "$1/debian/changelog"
}

# build_package TREE OPTION...
build_package() {
	(cd "$1" && LC_ALL=C.UTF-8 dpkg-buildpackage -us -uc -tc "${@:2}")
}

# with source, and with the unit tests
build_first() {
	build_package "$PACKAGES/first/rport" -F
}

# as for a quick rebuild: without unit tests, which must then not be built either
build_next() {
	DEB_BUILD_OPTIONS='nocheck noautodbgsym' DEB_BUILD_PROFILES=nocheck build_package "$PACKAGES/next/rport" -b
}

unit_tests_as_told() {
	grep -q '^# PASS: *[1-9]' "${LOGS:-$PACKAGES}/package.build.log" &&
		! grep -qE '^# PASS|unit/test_' "${LOGS:-$PACKAGES}/package.rebuild-without-checks.log"
}

# the source package has what is tracked, and nothing that was built
source_is_the_tree() {
	diff <(tar -tf "$PACKAGES"/first/rport_*.tar.xz | sed -n 's,^[^/]*/\(.*[^/]\)$,\1,p' | LC_ALL=C sort) \
		<(cd "$PACKAGES/pristine" && find . -type f -printf '%P\n' | LC_ALL=C sort)
}

# The tag is of Debian 12 only, so that an override for it is an error on 13: there is no init script, since the interfaces
# live on in systemd's store of descriptors
lintian_finds_nothing() {
	lintian --allow-root --display-info --pedantic --fail-on error,warning,info \
		--suppress-tags package-supports-alternative-init-but-no-init.d-script "$PACKAGES"/first/*.changes
}

# each override says why
overrides_have_reasons() {
	awk '/^#/ { reason = 1; next } /./ && !reason { print "without a reason: " $0; bad = 1 } { reason = 0 } END { exit bad }' \
		"$TOP_DIR"/debian/*.lintian-overrides
}

same_version_everywhere() {
	local program
	program=$("$BUILD_DIR/rportctl/rportctl" -V | sed 's/^rportctl //')
	echo "rportctl $program, debian $(version "$TOP_DIR"), rpm $(spec_version)"
	[ "$(version "$TOP_DIR")" = "$program" ] && [ "$(spec_version)" = "$program" ]
}

spec_version() {
	sed -n 's/^Version: *//p' "$TOP_DIR/packaging/rportd.spec"
}

# set_rpm_defines: the options that define what Fedora's systemd-rpm-macros has and Debian's rpm has not: directories, and scriptlets,
# which are empty here
set_rpm_defines() {
	local macro
	RPM_DEFINES=()
	for macro in unitdir=systemd/system systemd_util_dir=systemd journalcatalogdir=systemd/catalog udevrulesdir=udev/rules.d \
		sysusersdir=sysusers.d tmpfilesdir=tmpfiles.d; do
		RPM_DEFINES+=(--define "_${macro%%=*} /usr/lib/${macro#*=}")
	done
	for macro in systemd_post systemd_preun systemd_postun systemd_postun_with_restart sysusers_create_compat tmpfiles_create; do
		RPM_DEFINES+=(--define "$macro() %{nil}")
	done
}

# rpm_builds: every file that is installed must be in the list of the spec, and each of the list there; the unit tests ran already
rpm_builds() {
	local tree
	tree=rport-$(spec_version)
	set_rpm_defines
	mkdir -p "$PACKAGES/rpm/SOURCES" &&
		tar -C "$PACKAGES" --transform "s,^pristine,$tree," -cJf "$PACKAGES/rpm/SOURCES/$tree.tar.xz" pristine &&
		LC_ALL=C.UTF-8 rpmbuild --nodeps --nocheck -bb --define "_topdir $PACKAGES/rpm" "${RPM_DEFINES[@]}" \
			"$TOP_DIR/packaging/rportd.spec"
}

# each filter says why
rpmlint_finds_nothing() {
	rpmlint --strict -r "$TOP_DIR/packaging/rportd.rpmlintrc" "$TOP_DIR/packaging/rportd.spec"
}

# what the packages of Debian install is what those of RPM do, but for documentation, debugging, and where Debian has its own place
same_files_in_both() {
	local name
	for name in rportd rport-exporter rport-plugins; do
		diff <(dpkg-deb --fsys-tarfile "$PACKAGES/first/$name"_*.deb | tar -t | sed -n 's,^\.\(.*[^/]\)$,\1,p' | same_names) \
			<(rpm -qlp "$PACKAGES"/rpm/RPMS/*/"$name"-[0-9]*.rpm | grep -vxE '/usr/(lib/NetworkManager(/conf\.d)?|share/varlink|libexec/(cni|netavark))' |
				same_names) || return
	done
}

same_names() {
	sed -E '/^\/usr\/(share\/(doc|licenses|lintian)|lib\/\.build-id)/d; s,^/lib/,/usr/lib/,; s,^/usr/libexec/(cni|netavark)/,/usr/lib/\1/,; s/\.gz$//;
		s,/zsh/(vendor-completions|site-functions)/,/zsh/,' | LC_ALL=C sort
}

# copies of the tree: as it is, and one with a later version
make_trees() {
	mkdir -p "$PACKAGES"/{pristine,first,next}
	(cd "$TOP_DIR" && copy_tree "$PACKAGES/pristine") &&
		cp -a "$PACKAGES/pristine" "$PACKAGES/first/rport" &&
		cp -a "$PACKAGES/pristine" "$PACKAGES/next/rport" &&
		next_version "$PACKAGES/next/rport"
}

# vm_boot LABEL TEST: a machine with the disk of the boot before
vm_boot() {
	guest_script vmrun.sh "$1"
	guest_test package/machine.sh "$2"
	echo sync >>"$SCRIPT" # the machine is switched off
	VM_SNAPSHOT=off VM_LIMIT=${VM_LIMIT:-1800} guest_run "$1" "$TESTS_DIR/vm/vmrun" "$PACKAGES/vm" "$TREE"
}

guest_prepare package qemu-system-x86_64 unshare dpkg-buildpackage lintian rpmbuild rpmlint
PACKAGES=$(mktemp -d "${TMPDIR:-/tmp}/rport-package.XXXXXX") || exit 1
trap 'rm -rf "$TREE" "$PACKAGES"' EXIT

step version same_version_everywhere
step overrides overrides_have_reasons
step rpmlint rpmlint_finds_nothing
make_trees || exit 1
# most of each build keeps one CPU busy
step build build_first &
BUILDS=($!)
step rebuild-without-checks build_next &
BUILDS+=($!)
step rpm rpm_builds &
BUILDS+=($!)
for build in "${BUILDS[@]}"; do
	wait "$build" || BROKEN=1
done
[ -z "$BROKEN" ] || exit 1
step unit-tests unit_tests_as_told
step source source_is_the_tree
step lintian lintian_finds_nothing
step rpm-files same_files_in_both
mkdir -p "$TREE"/packages/{first,next} "$TREE/tests/package" &&
	cp "$PACKAGES"/first/rport{d,-exporter,-plugins}_*.deb "$TREE/packages/first" &&
	cp "$PACKAGES"/next/rportd_*.deb "$TREE/packages/next" &&
	mkdir -p "$TREE/debian" && cp -r "$TOP_DIR/debian/tests" "$TREE/debian" &&
	cp "$TESTS_DIR"/package/*.sh "$TREE/tests/package" || exit 1

# under_both TREE: on the host's systemd, and on that of a Debian 13
under_both() {
	local TREE=$1
	guest_script nsrun.sh package-host
	guest_test package/life.sh
	NS_LIMIT=900 guest_run package-host "$TESTS_DIR/systemd/nsboot" / "$TREE"
	guest_script nsrun.sh package-13
	guest_test package/life.sh
	NS_LIMIT=900 guest_run package-13 "$TESTS_DIR/systemd/nsboot" "$IMAGE/rootfs" "$TREE"
	return $FAILED
}

# beside the virtual machine, whose emulator keeps one CPU busy
if [ -w /sys/fs/cgroup/cgroup.procs ] || [ -w /sys/fs/cgroup/unified/cgroup.procs ]; then
	cp -a "$TREE" "$PACKAGES/tree" || exit 1
	under_both "$PACKAGES/tree" &
	UNDER_BOTH=$!
else
	result skip package.life ' # cgroup2 is not there or read-only'
fi

mkdir "$PACKAGES/vm" &&
	cp --sparse=always "$IMAGE/root.ext4" "$PACKAGES/vm" &&
	ln -s "$IMAGE/vmlinuz" "$PACKAGES/vm/vmlinuz" || exit 1
vm_boot package-vm test_install
vm_boot package-vm-rebooted test_after_the_reboot
[ -z "$UNDER_BOTH" ] || wait "$UNDER_BOTH" || FAILED=1
exit $FAILED
