/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation. inih tells keys from sections and comments, one line at a time, but as it
 * is built by distributions it does not say in which line it is, cuts lines after 200 bytes (a
 * domain can have 281) and reads on in the next piece, takes an indented line for the value of the
 * key before, ':' for '=', and what follows " ;" for a comment. Other builds differ in each of
 * these. So the function that it reads lines through makes them such as all builds read alike: it
 * counts, cuts the blanks off, refuses what could be taken in two ways, and keeps the value of an
 * assignment to itself; inih gets "KEY=".
 */
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/nearest.h"
#include "config/config-private.h"
#include "port/property.h"

#define BLANKS   " \t\r"
#define WORD_MAX 128 /* bytes of "[SECTION]" or "KEY": all builds of inih take these */

/* One file while it is read. */
struct input {
	struct config_draft *draft;
	const char *file;
	const char *next, *end; /* what is left of its text */
	unsigned int line;
	unsigned int header;             /* line of the last section */
	bool header_lost;                /* it could not be read: nobody knows whose keys follow */
	bool section_told;               /* that nothing comes of the section */
	char value[CONFIG_LINE_MAX + 1]; /* of the assignment in this line */
	unsigned int n_faults[CONFIG_ERROR + 1];
};

/* --- faults ----------------------------------------------------------------------------------- */

static void tell(struct config_draft *draft, enum config_severity severity, const char *file,
		 unsigned int line, const char *message)
{
	char printable[RPORT_ERROR_MESSAGE_MAX];

	if (severity == CONFIG_ERROR)
		draft->bad = true;
	/* A message may repeat a name that was decoded, which can have any bytes, and may be cut
	 * within a character. */
	escape_into(printable, sizeof(printable), message, 0);
	if (draft->problem)
		draft->problem(severity, file, line, printable, draft->userdata);
}

void config_draft_problem(struct config_draft *draft, enum config_severity severity,
			  const char *file, unsigned int line, const char *fmt, ...)
{
	char message[RPORT_ERROR_MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	tell(draft, severity, file, line, message);
}

/* A file that is something else altogether has a fault in each line: do not flood the log. */
static void fault(struct input *input, enum config_severity severity, unsigned int line,
		  const char *message)
{
	unsigned int n = ++input->n_faults[severity];

	if (n <= CONFIG_FAULTS_MAX)
		tell(input->draft, severity, input->file, line, message);
	else if (n == CONFIG_FAULTS_MAX + 1)
		tell(input->draft, severity, input->file, line,
		     "there is more, which is not shown");
}

/* --- keys ------------------------------------------------------------------------------------- */

/* Each takes a value, "" for the default, and @side, the port that the section is about. */

static int set_own_mtu(struct config_draft *draft, int side, const char *value,
		       struct rport_error *err)
{
	int64_t mtu = 0;
	int r = *value ? property_parse(&properties[PROPERTY_MTU], value, &mtu, err) : 0;

	if (r >= 0)
		draft->own_mtu[side] = (unsigned int)mtu;
	return r;
}

static int set_on_missing(struct config_draft *draft, _unused_ int side, const char *value,
			  struct rport_error *err)
{
	if (!*value || streq(value, "wait"))
		draft->spec.wait = true;
	else if (streq(value, "fail"))
		draft->spec.wait = false;
	else
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "\"%s\" is neither wait nor fail", value);
	return 0;
}

static int set_property(struct config_draft *draft, const struct property *property,
			const char *value, struct rport_error *err)
{
	int64_t number;
	int r = property_parse(property, value, &number, err);

	for (int side = 0; side < 2 && r >= 0; side++)
		r = property_set(&draft->spec.ports[side], property->id, number, err);
	return r;
}

/* Names in files are escaped as in JSON, see base/escape.h. */
static const char *decode(const char *value, char buf[static CONFIG_LINE_MAX + 1])
{
	snprintf(buf, CONFIG_LINE_MAX + 1, "%s", value);
	escape_undo(buf);
	return buf;
}

static int set_domain(struct config_draft *draft, int side, const char *value,
		      struct rport_error *err)
{
	char name[CONFIG_LINE_MAX + 1];

	draft->domain_said[side] = *value != '\0';
	if (!*value)
		return 0;
	return domain_parse(decode(value, name), &draft->spec.ports[side].domain, err);
}

static int set_ifname(struct config_draft *draft, int side, const char *value,
		      struct rport_error *err)
{
	struct port_spec *port = &draft->spec.ports[side];
	char name[CONFIG_LINE_MAX + 1];

	if (*value)
		return port_spec_set_ifname(port, decode(value, name), err);
	port->ifname[0] = '\0';
	return 0;
}

static int add_address(struct config_draft *draft, int side, const char *value,
		       struct rport_error *err)
{
	struct port_spec *port = &draft->spec.ports[side];
	int r = 0;

	if (*value)
		r = port_spec_add_address(port, value, NULL, err);
	else
		port->n_addresses = 0;
	draft->address_refused[side] = r < 0;
	return r;
}

/* The last address once more, with a peer now; when that is refused it stays as it was. */
static int set_peer(struct config_draft *draft, int side, const char *value,
		    struct rport_error *err)
{
	struct port_spec *port = &draft->spec.ports[side];
	char address[IP_PREFIX_TEXT_MAX];
	struct address_spec *last;
	int r;

	if (draft->address_refused[side])
		return 0;
	if (port->n_addresses == 0)
		return *value ? rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
						"there is no Address= before it")
			      : 0;
	last = &port->addresses[port->n_addresses - 1];
	if (!*value) {
		last->peer = (struct ip_address){ 0 };
		return 0;
	}
	ip_prefix_format(&last->address, address);
	if (last->peer.family != AF_UNSPEC)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "the address before it, %s, has one already", address);
	port->n_addresses--;
	r = port_spec_add_address(port, address, value, err);
	if (r < 0)
		port->n_addresses++;
	return r;
}

static int add_route(struct config_draft *draft, int side, const char *value,
		     struct rport_error *err)
{
	struct port_spec *port = &draft->spec.ports[side];

	if (*value)
		return port_spec_add_route(port, value, err);
	port->n_routes = 0;
	return 0;
}

struct key {
	const char *name;
	int (*set)(struct config_draft *draft, int side, const char *value,
		   struct rport_error *err);
};

/* and all properties */
static const struct key link_keys[] = {
	{ "OnMissing", set_on_missing },
	{ NULL, NULL },
};

static const struct key port_keys[] = {
	{ "Domain", set_domain },
	{ "Name", set_ifname },
	{ "MTU", set_own_mtu },
	{ "Address", add_address },
	{ "PeerAddress", set_peer },
	{ "Route", add_route },
	{ NULL, NULL },
};

static const struct section {
	const char *name;
	const struct key *keys;
	int side;
} sections[] = {
	{ "Link", link_keys, 0 },
	{ "A", port_keys, 0 },
	{ "B", port_keys, 1 },
};

static const struct section *find_section(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (streq(sections[i].name, name))
			return &sections[i];
	return NULL;
}

static const struct key *find_key(const struct section *section, const char *name)
{
	for (const struct key *key = section->keys; key->name; key++)
		if (streq(key->name, name))
			return key;
	return NULL;
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

/* Cut blanks off both ends. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANKS);
	end = text + strlen(text);
	while (end > text && is_blank(end[-1]))
		*--end = '\0';
	return text;
}

/* "Domain=red # the red one": to systemd that is all value, to others there is a comment. */
static bool has_comment(const char *line)
{
	for (const char *c = line; *c; c++)
		if (is_blank(c[0]) && (c[1] == '#' || c[1] == ';'))
			return true;
	return false;
}

static const char bad_length[] =
	"the line is too long: " STRINGIFY(CONFIG_LINE_MAX) " bytes are possible";
static const char bad_word[] = "the name is too long: " STRINGIFY(WORD_MAX) " bytes are possible";
static const char bad_text[] = "there is a control character, or it is not UTF-8";
static const char bad_line[] = "this is neither [SECTION] nor KEY=VALUE";

/*
 * What follows puts into @ret, of @size bytes, what inih reads instead of a line, and returns
 * what is wrong with the line, or NULL.
 */

static const char *take_header(struct input *input, const char *line, char *ret, size_t size)
{
	size_t length = strlen(line);

	if (strchr(line, ']') != line + length - 1)
		return bad_line;
	if (!text_printable(line))
		return bad_text;
	if (length > WORD_MAX || length + 2 > size)
		return bad_word;
	snprintf(ret, size, "%s\n", line);
	input->header = input->line;
	input->header_lost = input->section_told = false;
	return NULL;
}

static const char *take_assignment(struct input *input, char *line, char *ret, size_t size)
{
	char *equals = strchr(line, '='), *key, *value;

	if (!equals)
		return bad_line;
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	if (!*key || strchr(key, ':'))
		return bad_line;
	if (!text_printable(key) || !text_printable(value))
		return bad_text;
	if (strlen(key) > WORD_MAX || strlen(key) + 3 > size)
		return bad_word;
	snprintf(ret, size, "%s=\n", key);
	strcpy(input->value, value);
	return NULL;
}

static const char *take_line(struct input *input, const char *text, size_t length, char *ret,
			     size_t size)
{
	char line[CONFIG_LINE_MAX + 1];

	if (memchr(text, '\0', length))
		return "there is a NUL byte";
	if (length == 0 || *text == '#' || *text == ';')
		return NULL;
	if (length > CONFIG_LINE_MAX)
		return bad_length;
	memcpy(line, text, length);
	line[length] = '\0';
	if (has_comment(line))
		return "a comment needs a line of its own";
	return *line == '[' ? take_header(input, line, ret, size)
			    : take_assignment(input, line, ret, size);
}

/* As fgets(3), for inih; a line that is of no interest to it, or faulty, is an empty one. */
static char *read_line(char *str, int num, void *stream)
{
	struct input *input = stream;
	const char *start = input->next, *end, *bad;

	if (start == input->end)
		return NULL;
	end = memchr(start, '\n', (size_t)(input->end - start));
	input->next = end ? end + 1 : input->end;
	input->line++;
	if (!end)
		end = input->end;
	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;

	strcpy(str, "\n");
	bad = take_line(input, start, (size_t)(end - start), str, (size_t)num);
	if (bad) {
		fault(input, CONFIG_ERROR, input->line, bad);
		input->draft->incomplete = true;
		if (*start == '[')
			input->header_lost = true;
	}
	return str;
}

/* --- values ----------------------------------------------------------------------------------- */

static void unknown_section(struct input *input)
{
	if (input->section_told)
		return;
	input->section_told = true;
	if (input->header)
		fault(input, CONFIG_WARNING, input->header,
		      "the section is unknown: there are [Link], [A] and [B]");
	else
		fault(input, CONFIG_WARNING, input->line,
		      "what stands before the first section has no effect");
}

static void unknown_key(struct input *input, const struct section *section, const char *name)
{
	struct rport_error err = { 0 };
	struct nearest nearest;
	const char *meant;

	nearest_begin(&nearest, name);
	for (const struct key *key = section->keys; key->name; key++)
		nearest_offer(&nearest, key->name);
	for (size_t i = 0; section->keys == link_keys && i < N_PROPERTIES; i++)
		nearest_offer(&nearest, properties[i].key);
	meant = nearest_found(&nearest);
	rport_error_set(&err, RPORT_ERR_INVALID, EINVAL, "there is no key \"%s\" in [%s]%s%s%s",
			name, section->name, meant ? "; did you mean " : "", meant ? meant : "",
			meant ? "?" : "");
	fault(input, CONFIG_WARNING, input->line, err.message);
}

static void take_value(struct input *input, const char *section_name, const char *key_name)
{
	const struct section *section = find_section(section_name);
	struct rport_error err = { 0 };
	const struct property *property;
	const struct key *key;
	int r;

	if (input->header_lost)
		return;
	if (!section) {
		unknown_section(input);
		return;
	}
	key = find_key(section, key_name);
	property = section->keys == link_keys ? property_by_key(key_name) : NULL;
	if (!key && !property) {
		unknown_key(input, section, key_name);
		return;
	}
	r = property ? set_property(input->draft, property, input->value, &err)
		     : key->set(input->draft, section->side, input->value, &err);
	if (r == -ENOMEM) {
		input->draft->out_of_memory = true;
	} else if (r < 0) {
		rport_error_prefix(&err, "%s: ", key_name);
		fault(input, CONFIG_ERROR, input->line, err.message);
	}
}

/* inih's handler, which has one parameter more in builds with line numbers. Builds that tell of
 * sections do so with a key of NULL.
 */
static int handle(void *userdata, const char *section, const char *key, _unused_ const char *value
#if INI_HANDLER_LINENO
		  ,
		  _unused_ int line
#endif
)
{
	if (key)
		take_value(userdata, section, key);
	return 1;
}

void config_draft_read(struct config_draft *draft, const char *file, const char *text, size_t size)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as some editors put it first */
	struct input input = { .draft = draft, .file = file, .next = text, .end = text + size };
	int r;

	if (size >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0)
		input.next += strlen(mark);
	r = ini_parse_stream(read_line, &input, handle, &input);
	if (r < 0)
		draft->out_of_memory = true;
	else if (r > 0) /* of a build that has other ideas of what a line may be */
		fault(&input, CONFIG_ERROR, (unsigned int)r, bad_line);
}

static void finish_port(struct config_draft *draft, int side, const char *file)
{
	struct port_spec *port = &draft->spec.ports[side];

	if (!draft->domain_said[side] && !draft->incomplete)
		config_draft_problem(draft, CONFIG_ERROR, file, 0, "there is no Domain= in [%s]",
				     side ? "B" : "A");
	if (port->domain.netns == DOMAIN_NETNS_PID && draft->spec.wait)
		config_draft_problem(draft, CONFIG_ERROR, file, 0,
				     "the process of Domain=pid:%d cannot be waited for: say "
				     "OnMissing=fail",
				     port->domain.pid);
	if (draft->own_mtu[side] > 0)
		port->mtu = draft->own_mtu[side];
}

void config_draft_finish(struct config_draft *draft, const char *file)
{
	struct rport_error err = { 0 };

	for (int side = 0; side < 2; side++)
		finish_port(draft, side, file);
	if (link_spec_check(&draft->spec, &err) < 0)
		config_draft_problem(draft, CONFIG_ERROR, file, 0, "%s", err.message);
}
