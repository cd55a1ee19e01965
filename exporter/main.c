/* SPDX-License-Identifier: ISC */

/*
 * rport-exporter: serves the metrics of rportd over HTTP, to Prometheus and its like.
 *
 * Theory of operation
 *
 * Each listening socket has a thread of libmicrohttpd, which answers one request after the other, so
 * however many clients there are, rportd is asked by as many at once as there are sockets. A
 * request is answered with what rportd says at that moment. When rportd does not answer, that is a
 * metric, too (rport_up 0), since what watches the watchers is not a scrape that fails.
 *
 * It has no rights: it reads from the socket of rportd as any user may, and needs no network but the
 * sockets that the service manager hands over.
 */

#ifdef HAVE_CONFIG_H
#include "build-config.h"
#endif

#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "arguments.h"
#include "fetch.h"
#include "listen.h"

#define SOCKETS_MAX     8
#define CONNECTIONS_MAX 32 /* of each socket */
#define IDLE_SECONDS    30

/* As rportd(8) and rportctl(1) have them. */
enum exit_status {
	EXIT_USAGE = 1,  /* the command line is wrong, or a value in it is not possible */
	EXIT_UNABLE = 2, /* it could not start */
};

/* --- answers ---------------------------------------------------------------------------------- */

static enum MHD_Result queue_text(struct MHD_Connection *connection, unsigned int code,
				  const char *type, char *text, size_t size)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(text);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result queue_word(struct MHD_Connection *connection, unsigned int code,
				  const char *word)
{
	char *text = strdup(word);

	return text ? queue_text(connection, code, "text/plain; charset=utf-8", text, strlen(text))
		    : MHD_NO;
}

/* Prometheus asks for OpenMetrics where it can read it. */
static enum metrics_format wanted_format(struct MHD_Connection *connection)
{
	const char *accept =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	return accept && strstr(accept, "application/openmetrics-text") ? METRICS_OPENMETRICS
									: METRICS_PROMETHEUS;
}

static enum MHD_Result answer_metrics(struct MHD_Connection *connection,
				      const struct ctl_options *options)
{
	enum metrics_format format = wanted_format(connection);
	struct fetched fetched;
	enum ctl_status status = fetch_metrics(options, &fetched);
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (stream)
		metrics_write(stream, status == STATUS_DONE ? &fetched.metrics : NULL, format);
	fetched_release(&fetched);
	if (!stream || fclose(stream) != 0) {
		free(text);
		return MHD_NO;
	}
	return queue_text(connection, MHD_HTTP_OK, metrics_content_type(format), text, size);
}

/* Healthy is an exporter that can do its work. */
static enum MHD_Result answer_health(struct MHD_Connection *connection,
				     const struct ctl_options *options)
{
	struct client_answer answer;
	enum ctl_status status =
		client_call(options, "org.varlink.service.GetInfo", json_object(), &answer);

	client_answer_release(&answer);
	return status == STATUS_DONE ? queue_word(connection, MHD_HTTP_OK, "ok\n")
				     : queue_word(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
						  "rportd does not answer\n");
}

static enum MHD_Result answer(void *userdata, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version _unused_,
			      const char *upload _unused_, size_t *upload_size, void **state)
{
	static int seen;
	const struct ctl_options *options = userdata;

	if (!streq(method, MHD_HTTP_METHOD_GET) && !streq(method, MHD_HTTP_METHOD_HEAD)) {
		*upload_size = 0;
		return queue_word(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	}
	if (!*state) { /* the headers are there; the answer comes at the second call */
		*state = &seen;
		return MHD_YES;
	}
	if (streq(url, "/metrics"))
		return answer_metrics(connection, options);
	if (streq(url, "/healthz"))
		return answer_health(connection, options);
	if (streq(url, "/"))
		return queue_word(connection, MHD_HTTP_OK,
				  "rport-exporter: see /metrics and /healthz\n");
	return queue_word(connection, MHD_HTTP_NOT_FOUND, "see /metrics and /healthz\n");
}

/* --- sockets ---------------------------------------------------------------------------------- */

static struct MHD_Daemon *serve(int fd, struct ctl_options *options)
{
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
				answer, options, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
				MHD_OPTION_END);
}

/* Those that the service manager hands over, or else the one of the command line. */
static int get_sockets(const struct exporter_arguments *arguments, int ret[static SOCKETS_MAX])
{
	int n = sd_listen_fds(1);

	if (n < 0 || n > SOCKETS_MAX) {
		fprintf(stderr, "rport-exporter: %s\n",
			n < 0 ? strerror(-n) : "too many sockets were handed over");
		return -ENFILE;
	}
	for (int i = 0; i < n; i++)
		ret[i] = SD_LISTEN_FDS_START + i;
	if (n > 0)
		return n;
	ret[0] = exporter_listen(arguments->listen);
	return ret[0] < 0 ? ret[0] : 1;
}

static void wait_for_end(const sigset_t *signals)
{
	int number;

	(void)sd_notify(0, "READY=1");
	(void)sigwait(signals, &number);
	(void)sd_notify(0, "STOPPING=1");
}

static int run(const struct exporter_arguments *arguments)
{
	struct ctl_options options = { .socket = arguments->socket };
	struct MHD_Daemon *daemons[SOCKETS_MAX];
	int fds[SOCKETS_MAX], n, started = 0;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	/* before any thread, which inherits it */
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	n = get_sockets(arguments, fds);
	if (n < 0)
		return n == -EINVAL ? EXIT_USAGE : EXIT_UNABLE;
	while (started < n && (daemons[started] = serve(fds[started], &options)))
		started++;
	if (started == n)
		wait_for_end(&signals);
	else
		fprintf(stderr, "rport-exporter: cannot serve: %s\n", strerror(errno));
	for (int i = 0; i < started; i++)
		MHD_stop_daemon(daemons[i]);
	return started == n ? EXIT_SUCCESS : EXIT_UNABLE;
}

int main(int argc, char **argv)
{
	struct exporter_arguments arguments;
	int r = exporter_arguments_parse(argc, argv, &arguments);

	if (r < 0)
		return EXIT_USAGE;
	if (r == 0)
		return EXIT_SUCCESS;
	return run(&arguments);
}
