/* SPDX-License-Identifier: ISC */

/* From streams of tcpdump(8) to one pcapng file. */

#include "pcapng.h"

#define PCAP_MAGIC_NANOSECONDS 0xa1b23c4dU
#define BUFFER_SIZE            (2 * PCAP_PACKET_MAX)

/* pcap-savefile(5); in the byte order of the machine that writes, which is this one. */
struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t reserved[2];
	uint32_t snaplen;
	uint32_t linktype;
};

struct pcap_record {
	uint32_t seconds, nanoseconds;
	uint32_t size, length;
};

/* --- reading ---------------------------------------------------------------------------------- */

ssize_t pcap_reader_fill(struct pcap_reader *reader, int fd)
{
	ssize_t n;

	if (!reader->buffer)
		reader->buffer = malloc(BUFFER_SIZE);
	if (!reader->buffer)
		return -ENOMEM;
	n = read(fd, reader->buffer + reader->size, BUFFER_SIZE - reader->size);
	if (n < 0)
		return -errno;
	reader->size += (size_t)n;
	return n;
}

static void consume(struct pcap_reader *reader, size_t n)
{
	reader->size -= n;
	memmove(reader->buffer, reader->buffer + n, reader->size);
}

static int read_header(struct pcap_reader *reader)
{
	struct pcap_header header;

	if (reader->size < sizeof(header))
		return 0;
	memcpy(&header, reader->buffer, sizeof(header));
	if (header.magic != PCAP_MAGIC_NANOSECONDS)
		return -EBADMSG;
	reader->linktype = header.linktype & 0xffff;
	reader->began = true;
	consume(reader, sizeof(header));
	return 1;
}

int pcap_reader_next(struct pcap_reader *reader, struct pcap_packet *ret)
{
	struct pcap_record record;
	int r = reader->began ? 1 : read_header(reader);

	if (r <= 0)
		return r;
	if (reader->size < sizeof(record))
		return 0;
	memcpy(&record, reader->buffer, sizeof(record));
	if (record.size > PCAP_PACKET_MAX)
		return -EBADMSG;
	if (reader->size < sizeof(record) + record.size)
		return 0;
	*ret = (struct pcap_packet){ .seconds = record.seconds,
				     .nanoseconds = record.nanoseconds,
				     .length = record.length,
				     .size = record.size,
				     .data = reader->buffer + sizeof(record) };
	return 1;
}

void pcap_reader_drop(struct pcap_reader *reader, const struct pcap_packet *packet)
{
	consume(reader, sizeof(struct pcap_record) + packet->size);
}

void pcap_reader_release(struct pcap_reader *reader)
{
	free(steal_ptr(reader->buffer));
}

/* --- writing ---------------------------------------------------------------------------------- */

void pcap_begin(FILE *stream, uint32_t linktype)
{
	const struct pcap_header header = { .magic = PCAP_MAGIC_NANOSECONDS,
					    .major = 2,
					    .minor = 4,
					    .snaplen = PCAP_PACKET_MAX,
					    .linktype = linktype };

	fwrite(&header, sizeof(header), 1, stream);
}

void pcap_add_packet(FILE *stream, const struct pcap_packet *packet)
{
	const struct pcap_record record = { packet->seconds, packet->nanoseconds, packet->size,
					    packet->length };

	fwrite(&record, sizeof(record), 1, stream);
	fwrite(packet->data, 1, packet->size, stream);
}

enum {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum {
	OPTION_END = 0,
	OPTION_IF_NAME = 2,
	OPTION_IF_DESCRIPTION = 3,
	OPTION_IF_TSRESOL = 9,
};

static uint32_t padded(size_t size)
{
	return (uint32_t)((size + 3) & ~(size_t)3);
}

static void put(FILE *stream, const void *data, size_t size)
{
	static const char zeros[4];

	if (size > 0)
		fwrite(data, 1, size, stream);
	fwrite(zeros, 1, padded(size) - size, stream);
}

static void put_u32(FILE *stream, uint32_t value)
{
	put(stream, &value, sizeof(value));
}

static void put_option(FILE *stream, uint16_t code, const void *data, size_t size)
{
	const uint16_t head[2] = { code, (uint16_t)size };

	put(stream, head, sizeof(head));
	put(stream, data, size);
}

void pcapng_begin(FILE *stream)
{
	const uint16_t version[2] = { 1, 0 };
	const uint32_t length = 28;

	put_u32(stream, BLOCK_SECTION);
	put_u32(stream, length);
	put_u32(stream, 0x1a2b3c4d);
	put(stream, version, sizeof(version));
	put_u32(stream, UINT32_MAX); /* the length of the section is not known, in 64 bits */
	put_u32(stream, UINT32_MAX);
	put_u32(stream, length);
}

void pcapng_add_interface(FILE *stream, const char *name, const char *description,
			  uint32_t linktype)
{
	static const unsigned char nanoseconds = 9;
	uint32_t length = 20 + 4 + padded(strlen(name)) + 4 + padded(strlen(description)) + 4 +
			  padded(sizeof(nanoseconds)) + 4;

	put_u32(stream, BLOCK_INTERFACE);
	put_u32(stream, length);
	put_u32(stream, linktype);
	put_u32(stream, PCAP_PACKET_MAX);
	put_option(stream, OPTION_IF_NAME, name, strlen(name));
	put_option(stream, OPTION_IF_DESCRIPTION, description, strlen(description));
	put_option(stream, OPTION_IF_TSRESOL, &nanoseconds, sizeof(nanoseconds));
	put_option(stream, OPTION_END, NULL, 0);
	put_u32(stream, length);
}

void pcapng_add_packet(FILE *stream, uint32_t interface, const struct pcap_packet *packet)
{
	uint64_t time = (uint64_t)packet->seconds * 1000000000 + packet->nanoseconds;
	uint32_t length = 32 + padded(packet->size);

	put_u32(stream, BLOCK_PACKET);
	put_u32(stream, length);
	put_u32(stream, interface);
	put_u32(stream, (uint32_t)(time >> 32));
	put_u32(stream, (uint32_t)time);
	put_u32(stream, packet->size);
	put_u32(stream, packet->length);
	put(stream, packet->data, packet->size);
	put_u32(stream, length);
}
