/* SPDX-License-Identifier: ISC */

/* Where struct port_spec has its properties. */

#include "port/property.h"

_Static_assert(SPEC_QUEUES_AUTO == 0, "property_check() takes 0 for auto");

#define OFFSET(id_, member_, ...) [PROPERTY_##id_] = offsetof(struct port_spec, member_),

static const size_t offsets[N_PROPERTIES] = { PORT_PROPERTIES(OFFSET) };

unsigned int property_get(const struct port_spec *port, enum property_id id)
{
	const void *member = (const char *)port + offsets[id];

	return properties[id].type == PROPERTY_SWITCH ? *(const bool *)member
						      : *(const unsigned int *)member;
}

int property_set(struct port_spec *port, enum property_id id, int64_t value,
		 struct rport_error *err)
{
	void *member = (char *)port + offsets[id];
	int r = property_check(&properties[id], &value, err);

	if (r < 0)
		return r;
	if (properties[id].type == PROPERTY_SWITCH)
		*(bool *)member = value;
	else
		*(unsigned int *)member = (unsigned int)value;
	return 0;
}

void property_use_standards(struct port_spec *port)
{
	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		(void)property_set(port, id, property_standard(id), NULL);
}

const struct property *property_differs(const struct port_spec *a, const struct port_spec *b,
					bool fixed)
{
	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		if ((properties[id].fixed || !fixed) && property_get(a, id) != property_get(b, id))
			return &properties[id];
	return NULL;
}

void property_write(const struct port_spec *port, enum property_id first, json_t *object)
{
	for (enum property_id id = first; id < N_PROPERTIES; id++) {
		unsigned int value = property_get(port, id);

		json_object_set_new(object, properties[id].name,
				    properties[id].type == PROPERTY_SWITCH ? json_boolean(value)
									   : json_integer(value));
	}
}

int port_spec_set_mtu(struct port_spec *port, int64_t mtu, struct rport_error *err)
{
	return property_set(port, PROPERTY_MTU, mtu, err);
}

int port_spec_set_queues(struct port_spec *port, int64_t queues, struct rport_error *err)
{
	return property_set(port, PROPERTY_QUEUES, queues, err);
}
