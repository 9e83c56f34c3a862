/* advice_list - unpacks the knowledge base when it is first asked
 * SPDX-License-Identifier: MIT
 *
 * scripts/gen-advice writes 13 fields an entry, each ended by US (0x1f), in the order of
 * take_entry. The list is made once and kept: what is unpacked never changes.
 */
#include "know/advice.h"

#include "sys/gz.h"
#include "sys/mem.h"

enum { US = 0x1f };

/* The next field, ended by a NUL in place; NULL when it is empty. */
static const char *take_text(unsigned char **at)
{
	unsigned char *begin = *at;

	while (**at != US)
		++*at;
	*(*at)++ = '\0';
	return *begin ? (const char *)begin : NULL;
}

static unsigned short take_number(unsigned char **at)
{
	const char *text = take_text(at);
	uint64_t value = 0;

	return text && bytes_is_uint(bytes_of(text), UINT16_MAX, &value) ? (unsigned short)value :
									   0;
}

/* Patterns on text come last. */
static unsigned short size_of_rest(struct bytes when)
{
	struct bytes rest = when, line;

	while (rest.n > 0 && rest.p[0] != 't' && rest.p[0] != 'p')
		bytes_line(&rest, &line);
	return (unsigned short)(when.n - rest.n);
}

static void take_entry(unsigned char **at, struct advice *a)
{
	a->id = take_text(at);
	a->means = take_text(at);
	a->likely[0] = take_text(at);
	a->likely[1] = take_text(at);
	a->proves = take_text(at);
	a->not_proves = take_text(at);
	a->next = take_text(at);
	a->source = take_text(at);
	a->when = take_text(at);
	a->when_n = size_of_rest(bytes_of(a->when));
	a->protos = take_number(at);
	a->rank = take_number(at);
	a->severity = (unsigned char)take_number(at);
	a->is_fallback = (unsigned char)take_number(at);
}

const struct advice *advice_list(void)
{
	static struct buf text, list;
	size_t fits, size = advice_count * sizeof(struct advice);

	if (list.n > 0)
		return (const struct advice *)(const void *)list.p;
	text = BUF(advice_raw_size);
	list = BUF(size);
	if (!gz_unpack((struct bytes){ advice_packed, advice_packed_size }, advice_raw_size, &text))
		bug("the knowledge base is damaged");
	struct advice *a = (struct advice *)(void *)buf_room(&list, size, &fits);
	unsigned char *at = text.p;
	for (size_t i = 0; i < advice_count; i++)
		take_entry(&at, &a[i]);
	buf_added(&list, size);
	return a;
}
