/* SPDX-License-Identifier: ISC */

/* The benchmark's traffic: what is common, and the command line. */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#include "loadgen.h"
#include "kernel/netns.h"

static const char usage[] =
	"Usage: loadgen COMMAND --from NETNS[%VRF] --to NETNS[%VRF] --address ADDR [OPTION]...\n"
	"Send from one namespace or VRF to an address in another, measure, and print a JSON "
	"object.\n"
	"\n"
	"  tcp      bytes that streams carry          --streams N\n"
	"  udp      datagrams at a rate               --rate N --size N\n"
	"  search   the highest rate without loss     --rate N (to begin with) --precision N "
	"--size N\n"
	"  rtt      round trips, one at a time        --size N\n"
	"\n"
	"  --seconds N    of each measurement (1)\n"
	"  --pid PID      count the CPU time of this process; again for more\n";

uint64_t load_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * LOAD_NS + (uint64_t)ts.tv_nsec;
}

void load_sleep_until(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / LOAD_NS), .tv_nsec = (long)(ns % LOAD_NS) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

void load_die(const char *fmt, ...)
{
	int errnum = errno;
	va_list args;

	fputs("loadgen: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(errnum));
	exit(1);
}

/* The first number of schedstat is the time on a CPU in nanoseconds; ticks would be too coarse. */
static uint64_t task_cpu(int pid, const char *tid)
{
	char path[300], line[100];
	uint64_t ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, tid);
	file = fopen(path, "re");
	if (!file)
		return 0; /* the thread just ended */
	if (fgets(line, sizeof(line), file))
		ns = strtoull(line, NULL, 10);
	fclose(file);
	return ns;
}

static uint64_t process_cpu(int pid)
{
	char path[sizeof("/proc//task") + 3 * sizeof(pid)];
	struct dirent *entry;
	uint64_t ns = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		load_die("process %d", pid);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ns += task_cpu(pid, entry->d_name);
	closedir(dir);
	return ns;
}

uint64_t load_cpu(const struct load_options *options)
{
	uint64_t ns = 0;

	for (unsigned int i = 0; i < options->n_pids; i++)
		ns += process_cpu(options->pids[i]);
	return ns;
}

static int open_socket(const void *argument)
{
	const int *type = argument;
	int fd = socket(AF_INET, *type | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int load_socket(const char *domain, int type)
{
	const char *vrf = strchrnul(domain, '%');
	_cleanup_free_ char *netns = strndup(domain, (size_t)(vrf - domain));
	_cleanup_close_ int netns_fd = netns ? netns_open_name(netns) : -ENOMEM;
	int fd = netns_fd < 0 ? netns_fd
			      : netns_open_inside(netns_fd, open_socket, &type, sizeof(type));

	if (fd < 0) {
		errno = -fd;
		load_die("a socket in %s", domain);
	}
	if (*vrf &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, vrf + 1, (socklen_t)strlen(vrf + 1)) < 0)
		load_die("a socket in %s", domain);
	return fd;
}

struct sockaddr_in load_bind(int fd, const struct load_options *options)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = options->address };
	socklen_t length = sizeof(address);

	if (bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		load_die("bind to %s in %s", inet_ntoa(options->address), options->to);
	return address;
}

void load_set(int fd, int level, int option, int value, const char *what)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		load_die("%s", what);
}

pthread_t load_thread(void *(*run)(void *arg), void *arg)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, run, arg);
	if (errno != 0)
		load_die("a thread");
	return thread;
}

/* --- command line ----------------------------------------------------------------------------- */

static void bad_usage(const char *what, const char *value) __attribute__((noreturn));
static void bad_usage(const char *what, const char *value)
{
	fprintf(stderr, "loadgen: %s %s is not possible\n\n%s", what, value, usage);
	exit(2);
}

static double number(const char *what, const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max))
		bad_usage(what, text);
	return value;
}

static void parse_option(int option, const char *value, struct load_options *options)
{
	switch (option) {
	case 'f':
		options->from = value;
		break;
	case 't':
		options->to = value;
		break;
	case 'a':
		if (inet_pton(AF_INET, value, &options->address) != 1)
			bad_usage("--address", value);
		break;
	case 's':
		options->ns = (uint64_t)(number("--seconds", value, 0.01, 3600) * (double)LOAD_NS);
		break;
	case 'l':
		options->size = (unsigned int)number("--size", value, 24, 1472);
		break;
	case 'n':
		options->streams = (unsigned int)number("--streams", value, 1, LOAD_STREAMS_MAX);
		break;
	case 'r':
		options->rate = number("--rate", value, 1, 1e8);
		break;
	case 'c':
		options->precision = number("--precision", value, 0.001, 1);
		break;
	case 'p':
		if (options->n_pids == LOAD_PIDS_MAX)
			bad_usage("one more --pid", value);
		options->pids[options->n_pids++] = (int)number("--pid", value, 1, 1 << 30);
		break;
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static const struct option long_options[] = {
	{ "from", required_argument, NULL, 'f' },    { "to", required_argument, NULL, 't' },
	{ "address", required_argument, NULL, 'a' }, { "seconds", required_argument, NULL, 's' },
	{ "size", required_argument, NULL, 'l' },    { "streams", required_argument, NULL, 'n' },
	{ "rate", required_argument, NULL, 'r' },    { "precision", required_argument, NULL, 'c' },
	{ "pid", required_argument, NULL, 'p' },     { 0 },
};

static const struct {
	const char *name;
	int (*run)(const struct load_options *options);
} commands[] = {
	{ "tcp", load_tcp },
	{ "udp", load_udp },
	{ "search", load_search },
	{ "rtt", load_rtt },
};

int main(int argc, char **argv)
{
	struct load_options options = {
		.ns = LOAD_NS, .size = 64, .streams = 1, .rate = 100000, .precision = 0.03
	};
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
		parse_option(option, optarg, &options);
	if (optind != argc - 1 || !options.from || !options.to || !options.address.s_addr) {
		fputs(usage, stderr);
		return 2;
	}
	/* sleeps of the sender end when they should, not within the usual 50 us after; threads
	 * inherit it */
	prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (streq(argv[optind], commands[i].name))
			return commands[i].run(&options);
	bad_usage("the command", argv[optind]);
}
