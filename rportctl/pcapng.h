/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_PCAPNG_H
#define RPORTCTL_PCAPNG_H

/*
 * Puts captures together: from the format that tcpdump(8) writes to a pipe (pcap-savefile(5)) to one
 * file with several interfaces (pcapng, draft-ietf-opsawg-pcapng). The former can be written, too.
 */

#include <stdio.h>

#include "base/util.h"

/* More of one packet is not taken: tcpdump(8) cuts at as much. */
#define PCAP_PACKET_MAX (256 * 1024)

#define PCAP_LINKTYPE_ETHERNET 1

/*
 * struct pcap_reader - a stream of tcpdump(8)
 * @buffer: what was read and not yet used
 * @size: bytes in it
 * @began: its header was read
 * @linktype: of its packets
 */
struct pcap_reader {
	unsigned char *buffer;
	size_t size;
	bool began;
	uint32_t linktype;
};

/*
 * struct pcap_packet - a packet of such a stream
 * @seconds: since 1970
 * @nanoseconds: of that second
 * @length: bytes that it was long
 * @size: bytes that there are
 * @data: these bytes; valid until pcap_reader_drop()
 */
struct pcap_packet {
	uint32_t seconds, nanoseconds;
	uint32_t length, size;
	const unsigned char *data;
};

/**
 * pcap_reader_fill() - read from a pipe
 * @reader: zeroed before the first call; release it with pcap_reader_release()
 * @fd: of the pipe
 *
 * Return: how many bytes came; 0 at the end; -ENOMEM, or another -errno of read(2).
 */
ssize_t pcap_reader_fill(struct pcap_reader *reader, int fd);

/**
 * pcap_reader_next() - take the next packet that is whole
 * @reader: of pcap_reader_fill()
 * @ret: the packet
 *
 * Return: 1; 0: more must be read first; -EBADMSG: this is not what tcpdump(8) writes with
 * nanoseconds on this machine.
 */
int pcap_reader_next(struct pcap_reader *reader, struct pcap_packet *ret);

/**
 * pcap_reader_drop() - go on behind a packet
 * @reader: of pcap_reader_next()
 * @packet: that it gave
 */
void pcap_reader_drop(struct pcap_reader *reader, const struct pcap_packet *packet);

/**
 * pcap_reader_release() - free what a reader holds
 * @reader: zeroed, or used
 */
void pcap_reader_release(struct pcap_reader *reader);

/**
 * pcap_begin() - write what a stream begins with, as pcap_reader_next() takes it
 * @stream: of the pipe
 * @linktype: of its packets
 *
 * What could not be written ferror(3) tells.
 */
void pcap_begin(FILE *stream, uint32_t linktype);

/**
 * pcap_add_packet() - write a packet
 * @stream: of pcap_begin()
 * @packet: the packet
 */
void pcap_add_packet(FILE *stream, const struct pcap_packet *packet);

/**
 * pcapng_begin() - write what a file begins with
 * @stream: of the file
 *
 * What could not be written ferror(3) tells.
 */
void pcapng_begin(FILE *stream);

/**
 * pcapng_add_interface() - write the description of an interface; the first one has number 0
 * @stream: of the file
 * @name: of the interface
 * @description: more about it
 * @linktype: of its packets
 */
void pcapng_add_interface(FILE *stream, const char *name, const char *description,
			  uint32_t linktype);

/**
 * pcapng_add_packet() - write a packet
 * @stream: of the file
 * @interface: number of the interface where it was seen
 * @packet: the packet
 */
void pcapng_add_packet(FILE *stream, uint32_t interface, const struct pcap_packet *packet);

#endif
