/* SPDX-License-Identifier: ISC */

/*
 * The command capture: what passes both ends of a link, or one port.
 *
 * Theory of operation
 *
 * tcpdump(8) does the work: one for each end, in the namespace of the port (tcpdump.c). Without -w
 * it decodes, and each line it prints gets the end before it. With -w it writes packets to a pipe,
 * and those of both pipes go into one file with two interfaces (pcapng.c), as they come; so which
 * was first is told by their times.
 *
 * An interrupt from the terminal goes to all three. Here it is only passed on, to reach the tcpdumps
 * whoever sent it: they end, with what they have to say, and so do the pipes.
 */

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "command.h"
#include "client.h"
#include "output.h"
#include "pcapng.h"
#include "place.h"
#include "tcpdump.h"
#include "view.h"

#define LINE_MAX_ 4096
#define ENDS_MAX  2

struct capture_options {
	const char *file;
	const char *count;
};

/*
 * struct capture_end - one port
 * @label: "a", "b", or "" for a port alone
 * @name: DOMAIN/IFNAME
 * @mpls: it was made with --mpls
 * @fd: output of tcpdump; negative at the end
 * @line: what came of a line so far
 */
struct capture_end {
	const char *label;
	char name[512];
	char ifname[32];
	char domain[400];
	bool mpls;
	struct tcpdump tcpdump;
	int fd;
	char line[LINE_MAX_];
	size_t length;
	struct pcap_reader reader;
	bool described;
	uint32_t number;
};

struct capture {
	struct capture_end ends[ENDS_MAX];
	int n;
	FILE *file; /* NULL: text */
	uint32_t n_described;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number _unused_)
{
	interrupted = 1;
}

/* --- which ports ------------------------------------------------------------------------------ */

static void add_end(struct capture *capture, const char *label, const json_t *port)
{
	struct capture_end *end = &capture->ends[capture->n++];

	*end = (struct capture_end){ .label = label, .fd = -1 };
	snprintf(end->domain, sizeof(end->domain), "%s", view_text(port, "domain"));
	snprintf(end->ifname, sizeof(end->ifname), "%s", view_text(port, "interface"));
	snprintf(end->name, sizeof(end->name), "%s/%s", view_text(port, "domain"),
		 view_text(port, "interface"));
	end->mpls = json_is_true(json_object_get(port, "mpls"));
}

static bool is_called(const json_t *port, const char *name)
{
	char text[512];

	snprintf(text, sizeof(text), "%s/%s", view_text(port, "domain"),
		 view_text(port, "interface"));
	return streq(name, text);
}

/* "netns:red/rport0" is a port, and a link's other end is not meant then. */
static enum ctl_status find_port(struct capture *capture, const struct ctl_options *options,
				 const char *name)
{
	struct client_answer answer;
	const json_t *ports = client_call_for(options, "org.rportd.Manager.ListPorts",
					      json_object(), "ports", &answer);
	enum ctl_status status = answer.status;
	size_t i;
	json_t *port;

	json_array_foreach(ports, i, port) if (capture->n == 0 && is_called(port, name))
		add_end(capture, "", port);
	if (status == STATUS_DONE && capture->n == 0) {
		output_error("no port %s; \"rportctl ports\" lists them", name);
		status = STATUS_NOT_FOUND;
	}
	client_answer_release(&answer);
	return status;
}

static enum ctl_status find_ends(struct capture *capture, const struct ctl_options *options,
				 const char *name)
{
	struct client_answer answer;
	enum ctl_status status;
	const json_t *link;

	if (strchr(name, '/'))
		return find_port(capture, options, name);
	link = client_call_for(options, "org.rportd.Manager.Show", json_pack("{s:s}", "name", name),
			       "link", &answer);
	status = answer.status;
	if (link) {
		add_end(capture, "a", json_object_get(link, "a"));
		add_end(capture, "b", json_object_get(link, "b"));
	}
	client_answer_release(&answer);
	return status;
}

/* Return: STATUS_DONE; else what is wrong was said. */
static enum ctl_status start(struct capture_end *end, const struct ctl_options *options,
			     const struct tcpdump_order *order)
{
	_cleanup_close_ int netns_fd = place_open(options, end->domain);
	const struct tcpdump_port port = {
		.name = end->name, .ifname = end->ifname, .netns_fd = netns_fd, .mpls = end->mpls
	};

	if (netns_fd < 0)
		return netns_fd == -EACCES || netns_fd == -EPERM ? STATUS_NOT_PERMITTED
								 : STATUS_REFUSED;
	return tcpdump_start(&end->tcpdump, &port, order, &end->fd);
}

/* --- what they say ---------------------------------------------------------------------------- */

/* An interrupted tcpdump ends its line, which may be empty. */
static void print_line(struct capture_end *end)
{
	if (end->length == 0)
		return;
	if (*end->label)
		output_text(COLOR_STRONG, "%s ", end->label);
	output_text(COLOR_NONE, "%.*s", (int)end->length, end->line);
	output_newline();
	end->length = 0;
}

/* Return: how much came; 0 at the end. */
static ssize_t take_text(struct capture_end *end)
{
	char buffer[LINE_MAX_];
	ssize_t n = read(end->fd, buffer, sizeof(buffer));

	for (ssize_t i = 0; i < n; i++) {
		if (buffer[i] == '\n' || end->length == sizeof(end->line))
			print_line(end);
		if (buffer[i] != '\n')
			end->line[end->length++] = buffer[i];
	}
	if (n <= 0 && end->length > 0)
		print_line(end);
	(void)output_flush();
	return n;
}

static void describe(struct capture *capture, struct capture_end *end)
{
	char description[600];

	snprintf(description, sizeof(description), "%s%s%s", end->label, *end->label ? ": " : "",
		 end->name);
	pcapng_add_interface(capture->file, *end->label ? end->label : end->ifname, description,
			     end->reader.linktype);
	end->number = capture->n_described++;
	end->described = true;
}

static ssize_t take_packets(struct capture *capture, struct capture_end *end)
{
	ssize_t n = pcap_reader_fill(&end->reader, end->fd);
	struct pcap_packet packet;
	int r;

	while ((r = pcap_reader_next(&end->reader, &packet)) > 0) {
		if (!end->described)
			describe(capture, end);
		pcapng_add_packet(capture->file, end->number, &packet);
		pcap_reader_drop(&end->reader, &packet);
	}
	if (end->reader.began && !end->described)
		describe(capture, end);
	if (r < 0) {
		output_error("tcpdump writes what is not a capture");
		return 0;
	}
	if (fflush(capture->file) != 0) {
		output_error("cannot write: %s", strerror(errno));
		return 0;
	}
	return n;
}

static void take(struct capture *capture, struct capture_end *end)
{
	ssize_t n = capture->file ? take_packets(capture, end) : take_text(end);

	if (n > 0 || (n < 0 && errno == EINTR))
		return;
	end->fd = safe_close(end->fd);
	tcpdump_interrupt(&end->tcpdump); /* it may be we who had enough */
}

/* Signals are blocked but while it waits: none is missed between the look at the flag and the wait. */
static void take_all(struct capture *capture)
{
	struct pollfd fds[ENDS_MAX];
	sigset_t ours, waiting;
	bool stopped = false;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &waiting);
	for (;;) {
		bool open = false;

		if (interrupted && !stopped) {
			for (int i = 0; i < capture->n; i++)
				tcpdump_interrupt(&capture->ends[i].tcpdump);
			stopped = true;
		}
		for (int i = 0; i < capture->n; i++) {
			fds[i] = (struct pollfd){ .fd = capture->ends[i].fd, .events = POLLIN };
			open |= capture->ends[i].fd >= 0;
		}
		if (!open)
			return;
		if (ppoll(fds, (nfds_t)capture->n, NULL, &waiting) < 0)
			continue; /* interrupted */
		for (int i = 0; i < capture->n; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				take(capture, &capture->ends[i]);
	}
}

/* Return: the status of the first one that failed by itself. */
static enum ctl_status wait_for_all(const struct capture *capture)
{
	enum ctl_status status = STATUS_DONE;

	for (int i = 0; i < capture->n; i++) {
		enum ctl_status ended = tcpdump_wait(&capture->ends[i].tcpdump);

		if (status == STATUS_DONE)
			status = ended;
	}
	return status;
}

/* --- the command ------------------------------------------------------------------------------ */

static enum ctl_status open_file(struct capture *capture, const struct capture_options *own)
{
	if (!own->file)
		return STATUS_DONE;
	capture->file = streq(own->file, "-") ? stdout : fopen(own->file, "we");
	if (!capture->file) {
		output_error("cannot write %s: %s", own->file, strerror(errno));
		return STATUS_REFUSED;
	}
	pcapng_begin(capture->file);
	return STATUS_DONE;
}

static void close_file(struct capture *capture, enum ctl_status *status)
{
	if (capture->file && capture->file != stdout && fclose(capture->file) != 0)
		*status = STATUS_REFUSED;
	for (int i = 0; i < capture->n; i++)
		pcap_reader_release(&capture->ends[i].reader);
}

static enum ctl_status capture_all(struct capture *capture, const struct ctl_options *options,
				   const struct capture_options *own, const char *const *filter,
				   int n)
{
	const struct tcpdump_order order = {
		.packets = own->file, .count = own->count, .filter = filter, .n_filter = n
	};
	const struct sigaction action = { .sa_handler = interrupt };
	enum ctl_status status = open_file(capture, own), ended;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	for (int i = 0; i < capture->n && status == STATUS_DONE; i++)
		status = start(&capture->ends[i], options, &order);
	if (status != STATUS_DONE)
		interrupted = 1;
	take_all(capture);
	ended = wait_for_all(capture);
	close_file(capture, &status);
	return status == STATUS_DONE ? ended : status;
}

static const struct args_option capture_options[] = {
	{ .name = "-w",
	  .value = "PATH",
	  .help = "write packets to this file, or - for standard output (pcapng)",
	  .apply = args_string,
	  .offset = offsetof(struct capture_options, file) },
	{ .name = "-c",
	  .value = "N",
	  .help = "end after so many packets at each end",
	  .apply = args_number,
	  .offset = offsetof(struct capture_options, count) },
};

static enum ctl_status run_capture(struct ctl_options *options, int argc, char **argv)
{
	struct capture_options own = { 0 };
	const struct args_table table = { capture_options, ARRAY_SIZE(capture_options), &own };
	const char *words[TCPDUMP_FILTER_MAX];
	struct capture capture = { 0 };
	enum ctl_status status;
	int n = args_parse(options, &table, argc, argv, words, TCPDUMP_FILTER_MAX);

	if (n == 0)
		args_usage_error("which link? rportctl capture %s", ctl_command_capture.synopsis);
	if (n <= 0)
		return STATUS_USAGE;
	status = find_ends(&capture, options, words[0]);
	if (status == STATUS_DONE)
		status = capture_all(&capture, options, &own, words + 1, n - 1);
	return status;
}

const struct ctl_command ctl_command_capture = {
	.name = "capture",
	.synopsis = "LINK|PORT [FILTER]...",
	.summary = "show the packets at both ends of a link, or at a port",
	.details = "tcpdump does the work, in the namespaces of the ports; FILTER is as in "
		   "pcap-filter(7).\n"
		   "Packets of a link made with --mpls are shown as Ethernet frames.\n"
		   "It takes root, and ends by an interrupt.\n",
	.run = run_capture,
	.options = capture_options,
	.n_options = ARRAY_SIZE(capture_options),
};
