/* SPDX-License-Identifier: ISC */

/*
 * The counters of all ports, in memory that outlives the daemon.
 *
 * Theory of operation
 *
 * Layout. A page with a header, then for the first queue 64 bytes of each slot, so that two workers
 * never write to one cache line; then the same for the second queue, and so on. Unused pages cost
 * nothing, and since most ports have one queue, the pages in use are well filled.
 *
 * Trust. The file is sealed against shrinking, since reading a page that was cut off raises SIGBUS;
 * a file without the seal is not taken over. Only the process knows which slots are used: the next
 * one learns it from the records of the ports.
 */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "store/counters.h"
#include "store/memfd.h"

#define COUNTERS_NAME    "counters"
#define COUNTERS_MAGIC   0x726f7563U
#define COUNTERS_VERSION 2
#define HEADER_SIZE      4096
#define SLOT_SIZE        64
#define SLOTS_MAX        (1U << 20)
#define QUEUE_SIZE       ((size_t)SLOTS_MAX * SLOT_SIZE) /* from one queue to the next */
#define WORD_BITS        64

_Static_assert(sizeof(struct flow_counters) == SLOT_SIZE, "a slot has the counters of one queue");

struct header {
	uint32_t magic;
	uint32_t version;
	uint32_t slot_size;
	uint32_t slots;
	uint64_t alive; /* CLOCK_BOOTTIME, nanoseconds; 0: never */
};

struct counters {
	struct header *header; /* the mapping */
	size_t mapped;         /* bytes */
	int fd;                /* of the memfd */
	unsigned int slots;
	uint64_t absence;
	uint64_t *used;     /* a bit for each slot */
	unsigned int first; /* all words of @used before this one are full */
};

/* --- memory ----------------------------------------------------------------------------------- */

static size_t file_size(unsigned int slots)
{
	return HEADER_SIZE + COUNTERS_FASTPATH * QUEUE_SIZE + (size_t)slots * SLOT_SIZE;
}

/* Before there was COUNTERS_FASTPATH; such a file is made larger. */
static size_t former_file_size(unsigned int slots)
{
	return HEADER_SIZE + (COUNTERS_QUEUES - 1) * QUEUE_SIZE + (size_t)slots * SLOT_SIZE;
}

static bool map(struct counters *counters, int fd, unsigned int slots)
{
	void *memory = mmap(NULL, file_size(slots), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return false;
	counters->header = memory;
	counters->mapped = file_size(slots);
	counters->slots = slots;
	return true;
}

/* Return: 0 and its header; -EBADMSG when it is not of our shape. */
static int check_shape(int fd, struct header *ret)
{
	struct header header;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS); /* fails unless it is a memfd */

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || (seals & F_SEAL_WRITE))
		return -EBADMSG;
	if (fstat(fd, &st) < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return -EBADMSG;
	if (header.magic != COUNTERS_MAGIC || header.version != COUNTERS_VERSION ||
	    header.slot_size != SLOT_SIZE || header.slots > SLOTS_MAX ||
	    (st.st_size < (off_t)file_size(header.slots) &&
	     st.st_size != (off_t)former_file_size(header.slots)))
		return -EBADMSG;
	*ret = header;
	return 0;
}

/* Slots in use are never lost: it grows to what we want, and is used whole when it is larger. */
static int map_inherited(struct counters *counters, int fd, unsigned int max)
{
	struct header header;
	struct stat st;
	unsigned int slots;
	int r = check_shape(fd, &header);

	if (r < 0)
		return r;
	slots = MAX(header.slots, max);
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < (off_t)file_size(slots) && ftruncate(fd, (off_t)file_size(slots)) < 0)
		return -errno;
	if (!map(counters, fd, slots))
		return -errno;
	counters->header->slots = slots;
	return 0;
}

static int map_new(struct counters *counters, struct state *state, unsigned int max, int *ret_fd)
{
	_cleanup_close_ int fd = memfd_new("rport-counters");
	int r;

	if (fd < 0)
		return fd;
	if (ftruncate(fd, (off_t)file_size(max)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		return -errno;
	if (!map(counters, fd, max))
		return -errno;
	*counters->header = (struct header){
		.magic = COUNTERS_MAGIC,
		.version = COUNTERS_VERSION,
		.slot_size = SLOT_SIZE,
		.slots = max,
	};
	r = state_store_fd(state, COUNTERS_NAME, fd);
	if (r >= 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

/* --- slots ------------------------------------------------------------------------------------ */

struct flow_counters *counters_of(struct counters *counters, unsigned int slot, unsigned int queue)
{
	return (void *)((char *)counters->header + HEADER_SIZE + queue * QUEUE_SIZE +
			(size_t)slot * SLOT_SIZE);
}

int counters_take(struct counters *counters, unsigned int slot)
{
	uint64_t bit = UINT64_C(1) << slot % WORD_BITS;

	if (slot >= counters->slots || (counters->used[slot / WORD_BITS] & bit))
		return -ENOENT;
	counters->used[slot / WORD_BITS] |= bit;
	return 0;
}

int counters_new(struct counters *counters, unsigned int queues, unsigned int *ret_slot)
{
	unsigned int words = (counters->slots + WORD_BITS - 1) / WORD_BITS, slot;
	struct flow_counters *passed;

	while (counters->first < words && counters->used[counters->first] == UINT64_MAX)
		counters->first++;
	if (counters->first == words)
		return -ENOSPC;
	slot = counters->first * WORD_BITS +
	       (unsigned int)__builtin_ctzll(~counters->used[counters->first]);
	if (counters_take(counters, slot) < 0) /* a bit of the last word beyond the last slot */
		return -ENOSPC;
	for (unsigned int i = 0; i < queues; i++)
		memset(counters_of(counters, slot, i), 0, SLOT_SIZE);
	passed = counters_of(counters, slot, COUNTERS_FASTPATH);
	*passed = (struct flow_counters){ .dropped_at = (uint64_t)time(NULL) };
	*ret_slot = slot;
	return 0;
}

void counters_free(struct counters *counters, unsigned int slot)
{
	if (slot >= counters->slots)
		return;
	counters->used[slot / WORD_BITS] &= ~(UINT64_C(1) << slot % WORD_BITS);
	counters->first = MIN(counters->first, slot / WORD_BITS);
}

const void *counters_memory(const struct counters *counters, int *ret_fd, size_t *ret_offset,
			    size_t *ret_size)
{
	*ret_fd = counters->fd;
	*ret_offset = HEADER_SIZE;
	*ret_size = counters->mapped - HEADER_SIZE;
	return (const char *)counters->header + HEADER_SIZE;
}

/* --- time ------------------------------------------------------------------------------------- */

/* Time that the machine was suspended counts as well: the daemon did not run then. */
static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void counters_alive(struct counters *counters)
{
	__atomic_store_n(&counters->header->alive, now(), __ATOMIC_RELAXED);
}

static uint64_t since_alive(const struct counters *counters)
{
	uint64_t alive = __atomic_load_n(&counters->header->alive, __ATOMIC_RELAXED);
	uint64_t here = now();

	return alive > 0 && alive <= here ? (here - alive) / 1000 : UINT64_MAX;
}

uint64_t counters_absence(const struct counters *counters)
{
	return counters->absence;
}

/* --- begin and end ---------------------------------------------------------------------------- */

static void cleanup_counters(struct counters **counters)
{
	counters_close(*counters);
}

int counters_open(struct state *state, unsigned int max, struct counters **ret)
{
	_cleanup_(cleanup_counters) struct counters *counters = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (max < 1 || max > SLOTS_MAX)
		return -EINVAL;
	counters = calloc(1, sizeof(*counters));
	if (!counters)
		return -ENOMEM;
	counters->fd = -1;
	fd = state_take_fd(state, COUNTERS_NAME);
	r = fd >= 0 ? map_inherited(counters, fd, max) : -ENOENT;
	if (r < 0) {
		fd = safe_close(fd);
		r = map_new(counters, state, max, &fd);
	}
	if (r < 0)
		return r;
	counters->absence = since_alive(counters);
	counters->fd = steal_fd(&fd);
	counters->used = calloc(counters->slots / WORD_BITS + 1, sizeof(*counters->used));
	if (!counters->used)
		return -ENOMEM;
	*ret = steal_ptr(counters);
	return 0;
}

void counters_close(struct counters *counters)
{
	if (!counters)
		return;
	if (counters->header)
		munmap(counters->header, counters->mapped);
	safe_close(counters->fd);
	free(counters->used);
	free(counters);
}
