/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A probe sends datagrams at a rate for some time, and says whether all came, and in order. A flood
 * would measure how something collapses; what one wants to know is the highest rate at which
 * nothing is lost (RFC 2544, 26.1), and that is searched for: faster by steps until something is
 * lost, then by halves.
 *
 * The sender is paced by the clock. Its bursts are what is due within some 50 us, and no more than
 * a batch of sendmmsg(2): a rate that comes in long bursts would measure queues. It sleeps where
 * there is time for that, because a sender that spins takes the CPU from what is measured; where
 * there is not, it spins. A sender that fell behind, because it did not get the CPU, makes up for
 * that only within BEHIND_MAX. The rate that counts is therefore the rate that came about.
 *
 * The receiver takes what has come, and naps. One that waited in the kernel would be woken for
 * every datagram where it is the faster one, at the cost of whoever delivers it, and this cost
 * would hide all others. (So delays are known to within a nap only; load_rtt.c is for latency.)
 *
 * The receiver sees a gap in the numbers at once, so that a probe of a search ends with its first
 * loss. Datagrams that were under way are waited for, so nothing is called lost that is only late.
 * On a machine with other load anything may lose something once: a rate is too high when it lost
 * twice.
 */

#include <stdio.h>
#include <sys/socket.h>

#include "loadgen.h"
#include "tally.h"

#define BATCH_MAX      32
#define BURST_NS       50000
#define SLEEP_MIN_NS   30000   /* a shorter sleep ends too late too often */
#define BEHIND_MAX     1000000 /* ns */
#define RECEIVE_BATCH  64
#define RECEIVE_BUFFER (16 * 1024 * 1024)
#define DATAGRAM_MAX   1500
#define NAP_NS         100000    /* of the receiver, when it has taken what there was */
#define QUIET_NS       100000000 /* so long after the last one nothing more will come */

#define TRIES        2
#define STEP         1.4 /* of a search, upwards */
#define RATE_MIN     1000.0
#define RATE_REACHED 0.93 /* of the rate asked for; below, the sender may be the limit */
#define SHORT_TIMES  2    /* it is, when that happened so many times on end, ever faster */

/* How each datagram begins. */
struct stamp {
	uint64_t number;
	uint64_t sent_ns;
	uint32_t probe; /* a late one of the last probe is not taken for one of this */
};

struct probe {
	const struct load_options *options;
	double rate;
	bool end_at_loss;
	uint32_t id;
	int out, in;
	struct sockaddr_in to;

	bool over; /* the sender is done; atomic */
	bool lost; /* the receiver saw a gap; atomic */

	uint64_t sent, refused, ns; /* what the sender says */
	/* what the receiver says; it shall not share a cache line with the sender */
	struct tally tally __attribute__((aligned(64)));
	uint64_t delay_max, delay_sum;
	uint64_t cpu;
};

/* --- sender ----------------------------------------------------------------------------------- */

struct send_batch {
	unsigned char data[BATCH_MAX][DATAGRAM_MAX];
	struct iovec iov[BATCH_MAX];
	struct mmsghdr messages[BATCH_MAX];
};

static void send_batch_init(struct send_batch *batch, unsigned int size)
{
	memset(batch, 0, sizeof(*batch));
	for (unsigned int i = 0; i < BATCH_MAX; i++) {
		batch->iov[i] = (struct iovec){ .iov_base = batch->data[i], .iov_len = size };
		batch->messages[i].msg_hdr =
			(struct msghdr){ .msg_iov = &batch->iov[i], .msg_iovlen = 1 };
	}
}

/* What the kernel refuses (no memory, say) was sent and lost: it counts as such. */
static void send_burst(struct probe *probe, struct send_batch *batch, unsigned int n)
{
	struct stamp stamp = { .sent_ns = load_now(), .probe = probe->id };
	unsigned int done = 0;

	for (unsigned int i = 0; i < n; i++) {
		stamp.number = probe->sent + i;
		memcpy(batch->data[i], &stamp, sizeof(stamp));
	}
	while (done < n) {
		int r = sendmmsg(probe->out, &batch->messages[done], n - done, 0);

		if (r > 0) {
			done += (unsigned int)r;
		} else if (errno != EINTR) {
			probe->refused++;
			done++;
		}
	}
	probe->sent += n;
}

/*
 * Wait until the datagram with this number is due.
 * Return: when number 0 was due; later than @start by as much as is not made up for.
 */
static uint64_t pace(uint64_t start, double interval, uint64_t number)
{
	uint64_t due = start + (uint64_t)((double)number * interval), now = load_now();

	if (now > due + BEHIND_MAX)
		return start + (now - due - BEHIND_MAX);
	if (now + SLEEP_MIN_NS < due)
		load_sleep_until(due);
	while (load_now() < due)
		;
	return start;
}

static void send_paced(struct probe *probe)
{
	static struct send_batch batch;
	double interval = (double)LOAD_NS / probe->rate;
	unsigned int burst = (unsigned int)MAX(1.0, MIN((double)BATCH_MAX, BURST_NS / interval));
	uint64_t began = load_now(), start = began, end = began + probe->options->ns;

	send_batch_init(&batch, probe->options->size);
	while (probe->sent < probe->tally.count && load_now() < end) {
		if (probe->end_at_loss && __atomic_load_n(&probe->lost, __ATOMIC_RELAXED))
			break;
		start = pace(start, interval, probe->sent);
		send_burst(probe, &batch,
			   (unsigned int)MIN((uint64_t)burst, probe->tally.count - probe->sent));
	}
	/* the last burst stands for its share of time, too */
	probe->ns = MAX(load_now() - began, (uint64_t)((double)probe->sent * interval));
}

/* --- receiver --------------------------------------------------------------------------------- */

static void take(struct probe *probe, const unsigned char *data, size_t size, uint64_t now)
{
	struct stamp stamp;
	uint64_t delay;

	memcpy(&stamp, data, sizeof(stamp));
	if (size != probe->options->size || stamp.probe != probe->id)
		return;
	tally_add(&probe->tally, stamp.number);
	delay = now - stamp.sent_ns;
	probe->delay_sum += delay;
	probe->delay_max = MAX(probe->delay_max, delay);
}

static bool all_came(const struct probe *probe)
{
	return __atomic_load_n(&probe->over, __ATOMIC_ACQUIRE) &&
	       probe->tally.received == probe->sent;
}

static void *receive(void *arg)
{
	struct probe *probe = arg;
	static unsigned char data[RECEIVE_BATCH][DATAGRAM_MAX];
	struct iovec iov[RECEIVE_BATCH];
	struct mmsghdr messages[RECEIVE_BATCH] = { 0 };
	uint64_t last = load_now();

	for (unsigned int i = 0; i < RECEIVE_BATCH; i++) {
		iov[i] = (struct iovec){ .iov_base = data[i], .iov_len = DATAGRAM_MAX };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	while (!all_came(probe)) {
		int n = recvmmsg(probe->in, messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL);
		uint64_t now = load_now();

		for (int i = 0; i < n; i++)
			take(probe, data[i], messages[i].msg_len, now);
		if (tally_missing(&probe->tally) > 0)
			__atomic_store_n(&probe->lost, true, __ATOMIC_RELAXED);
		if (n > 0 || !__atomic_load_n(&probe->over, __ATOMIC_ACQUIRE))
			last = now;
		else if (now > last + QUIET_NS)
			break;
		if (n < RECEIVE_BATCH)
			load_sleep_until(now + NAP_NS);
	}
	return NULL;
}

/* --- a probe ---------------------------------------------------------------------------------- */

static void probe_open(struct probe *probe, const struct load_options *options)
{
	*probe = (struct probe){
		.options = options,
		.out = load_socket(options->from, SOCK_DGRAM),
		.in = load_socket(options->to, SOCK_DGRAM),
	};
	/* so that what is measured is the link, not how soon the receiver gets the CPU */
	load_set(probe->in, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER, "SO_RCVBUFFORCE");
	load_set(probe->out, SOL_SOCKET, SO_SNDBUFFORCE, RECEIVE_BUFFER, "SO_SNDBUFFORCE");
	probe->to = load_bind(probe->in, options);
	if (connect(probe->out, (struct sockaddr *)&probe->to, sizeof(probe->to)) < 0)
		load_die("connect");
}

static void probe_close(struct probe *probe)
{
	tally_exit(&probe->tally);
	close(probe->out);
	close(probe->in);
}

static void probe_run(struct probe *probe, double rate)
{
	uint64_t count = (uint64_t)(rate * (double)probe->options->ns / (double)LOAD_NS) + 1;
	pthread_t receiver;

	tally_exit(&probe->tally);
	if (tally_init(&probe->tally, count) < 0)
		load_die("memory");
	probe->rate = rate;
	probe->id++;
	probe->over = probe->lost = false;
	probe->sent = probe->refused = probe->delay_max = probe->delay_sum = 0;
	probe->cpu = load_cpu(probe->options);
	receiver = load_thread(receive, probe);
	send_paced(probe);
	__atomic_store_n(&probe->over, true, __ATOMIC_RELEASE);
	pthread_join(receiver, NULL);
	probe->cpu = load_cpu(probe->options) - probe->cpu;
}

static double probe_rate(const struct probe *probe)
{
	return (double)probe->sent * (double)LOAD_NS / (double)probe->ns;
}

static bool probe_perfect(const struct probe *probe)
{
	return probe->sent == probe->tally.received;
}

static void print_probe(const struct probe *probe)
{
	uint64_t n = MAX(probe->tally.received, 1ULL);

	printf("\"packets_per_second\":%.0f,\"sent\":%llu,\"refused\":%llu,\"received\":%llu,"
	       "\"lost\":%llu,\"delay_mean_us\":%.2f,\"delay_max_us\":%.2f,\"cpu_seconds\":%.6f,"
	       "\"cpu_ns_per_packet\":%.1f",
	       probe_rate(probe), (unsigned long long)probe->sent,
	       (unsigned long long)probe->refused, (unsigned long long)probe->tally.received,
	       (unsigned long long)(probe->sent - probe->tally.received),
	       (double)probe->delay_sum / 1e3 / (double)n, (double)probe->delay_max / 1e3,
	       (double)probe->cpu / 1e9, (double)probe->cpu / (double)n);
}

int load_udp(const struct load_options *options)
{
	struct probe probe;

	probe_open(&probe, options);
	probe_run(&probe, options->rate);
	printf("{");
	print_probe(&probe);
	printf(",\"reordered\":%llu,\"duplicated\":%llu}\n",
	       (unsigned long long)probe.tally.reordered,
	       (unsigned long long)probe.tally.duplicated);
	probe_close(&probe);
	return probe.tally.received == 0;
}

/* --- the search ------------------------------------------------------------------------------- */

struct search {
	struct probe probe;
	struct probe best; /* the one of the highest rate that was perfect, as a record only */
	double low, high;  /* perfect, and not; high 0: none yet */
	unsigned int
		fell_short; /* so many times on end nothing was lost, and the rate not reached */
	unsigned int probes;
	uint64_t reordered, duplicated; /* in all probes */
};

/* Is nothing lost at this rate? */
static bool search_try(struct search *search, double rate)
{
	struct probe *probe = &search->probe;

	for (unsigned int try = 0; try < TRIES; try++) {
		probe_run(probe, rate);
		search->probes++;
		search->reordered += probe->tally.reordered;
		search->duplicated += probe->tally.duplicated;
		if (!probe_perfect(probe))
			continue;
		if (probe_rate(probe) > probe_rate(&search->best) || search->best.ns == 0)
			search->best = *probe;
		return true;
	}
	return false;
}

static void search_step(struct search *search, double rate)
{
	if (!search_try(search, rate)) {
		search->high = rate;
		return;
	}
	search->low = rate;
	if (probe_rate(&search->probe) < RATE_REACHED * rate)
		search->fell_short++;
	else
		search->fell_short = 0;
}

/* Return: the rate to try next, or 0 when it is found. */
static double search_next(const struct search *search, double precision)
{
	if (search->fell_short == SHORT_TIMES)
		return 0;
	if (search->high == 0)
		return search->low * STEP;
	if (search->low == 0)
		return search->high / 2 < RATE_MIN ? 0 : search->high / 2;
	if (search->high - search->low <= precision * search->low)
		return 0;
	return (search->low + search->high) / 2;
}

int load_search(const struct load_options *options)
{
	struct search search = { .probe.options = options, .best.ns = 0 };
	double rate = options->rate;

	probe_open(&search.probe, options);
	search.probe.end_at_loss = true;
	while (rate > 0) {
		search_step(&search, rate);
		rate = search_next(&search, options->precision);
	}
	probe_close(&search.probe);
	if (search.best.ns == 0) {
		fprintf(stderr, "loadgen: something is lost at any rate\n");
		return 1;
	}
	printf("{");
	print_probe(&search.best);
	printf(",\"sender_limits\":%s,\"probes\":%u,\"reordered\":%llu,\"duplicated\":%llu}\n",
	       search.fell_short == SHORT_TIMES ? "true" : "false", search.probes,
	       (unsigned long long)search.reordered, (unsigned long long)search.duplicated);
	return 0;
}
