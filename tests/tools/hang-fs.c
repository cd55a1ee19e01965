/* SPDX-License-Identifier: ISC */

/*
 * A filesystem that does not answer: a FUSE filesystem whose server reads no request. Who looks up
 * a name in it, or asks for its attributes, sleeps until this process ends. It is mounted on a
 * directory or a file.
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	char options[128];
	struct stat st;
	int fd;

	if (argc != 2)
		errx(2, "Usage: hang-fs PATH");
	if (stat(argv[1], &st) < 0)
		err(1, "%s", argv[1]);
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(77, "/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=%o,user_id=0,group_id=0", fd,
		 st.st_mode & S_IFMT);
	if (mount("hang-fs", argv[1], "fuse", 0, options) < 0)
		err(77, "mount on %s", argv[1]);
	for (;;)
		pause();
}
