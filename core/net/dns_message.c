/* dns_message - DNS questions and answers as octets
 * SPDX-License-Identifier: MIT
 *
 * RFC 1035 4.1. Owners are compared as text; the CNAME chain is followed through the answer section
 * in whatever order it stands there. */
#include "net/dns.h"

#include <stdio.h>
#include <string.h>

enum {
	HEAD = 12,
	FLAG_RESPONSE = 0x8000,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSE = 0x0100,
	FLAG_AUTHENTIC = 0x0020, /* in a question: "tell me" (RFC 6840 5.7) */
	CLASS_IN = 1,
	TYPE_OPT = 41,
	LABEL_MAX = 63,
	NAME_MAX_OCTETS = 255,
	HOPS_MAX = 16, /* CNAMEs in a row; resolvers stop at 8 to 16 */
};

/* --- writing --- */

static void put16(struct buf *out, unsigned value)
{
	buf_putc(out, (unsigned char)(value >> 8));
	buf_putc(out, (unsigned char)value);
}

static bool put_name(struct buf *out, const char *name)
{
	struct bytes rest = bytes_of(name);

	if (rest.n > 0 && rest.p[rest.n - 1] == '.')
		rest.n--;
	if (rest.n == 0 || rest.n > NAME_MAX_OCTETS - 2)
		return false;
	while (rest.n > 0) {
		size_t n = bytes_find(rest, '.');
		if (n == 0 || n > LABEL_MAX || n + 1 == rest.n)
			return false;
		buf_putc(out, (unsigned char)n);
		buf_put(out, bytes_head(rest, n));
		rest = bytes_skip(rest, n + 1);
	}
	return buf_putc(out, 0);
}

bool dns_ask(struct buf *out, const struct dns_question *q, bool edns, struct err *e)
{
	put16(out, q->id);
	put16(out, FLAG_RECURSE | FLAG_AUTHENTIC);
	put16(out, 1);
	put16(out, 0);
	put16(out, 0);
	put16(out, edns);
	if (!put_name(out, q->name))
		return err_set(e, ERR_USAGE, "'%s' is no domain name", q->name);
	put16(out, q->type);
	put16(out, CLASS_IN);
	if (edns) { /* RFC 6891 6.1.2: root owner, type, size, flags of 0, no data */
		buf_putc(out, 0);
		put16(out, TYPE_OPT);
		put16(out, DNS_UDP_MAX);
		put16(out, 0);
		put16(out, 0);
		put16(out, 0);
	}
	return !out->overflow || err_set(e, ERR_LOCAL, "DNS question: no room");
}

void dns_ptr_name(const struct addr *a, char out[ADDR_HOST_MAX])
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;
	const unsigned char *p = v6.sin6_addr.s6_addr;
	size_t n = 0;

	out[0] = '\0';
	memcpy(&v6, &a->sa, sizeof(v6));
	memcpy(&v4, &a->sa, sizeof(v4));
	if (a->sa.ss_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
		unsigned char q[4];
		if (a->sa.ss_family == AF_INET)
			memcpy(q, &v4.sin_addr, sizeof(q));
		else
			memcpy(q, p + 12, sizeof(q));
		snprintf(out, ADDR_HOST_MAX, "%d.%d.%d.%d.in-addr.arpa", q[3], q[2], q[1], q[0]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		n += (size_t)snprintf(out + n, ADDR_HOST_MAX - n, "%x.%x.", p[i] & 15u, p[i] >> 4u);
	snprintf(out + n, ADDR_HOST_MAX - n, "ip6.arpa");
}

/* --- reading --- */

/* A place in a message; bad is set once something was asked for that is not there. */
struct reader {
	struct bytes message;
	size_t at;
	bool bad;
};

static unsigned get8(struct reader *r)
{
	if (r->at >= r->message.n) {
		r->bad = true;
		return 0;
	}
	return r->message.p[r->at++];
}

static unsigned get16(struct reader *r)
{
	unsigned high = get8(r);

	return high << 8 | get8(r);
}

/* One octet of a label as text (RFC 4343 2.1): dots and backslashes within a label are
 * escaped. */
static void put_octet(char out[ADDR_HOST_MAX], size_t *n, unsigned c, bool *bad)
{
	bool is_plain = c > 0x20 && c < 0x7f && c != '.' && c != '\\';
	size_t takes = is_plain ? 1 : 4;

	if (*n + takes >= ADDR_HOST_MAX) {
		*bad = true;
		return;
	}
	if (is_plain)
		out[*n] = (char)c;
	else
		snprintf(out + *n, 5, "\\%03u", c);
	*n += takes;
}

/* Copies the labels that stand at r; returns true when a pointer follows them, its target in
 * *to. */
static bool get_labels(struct reader *r, char out[ADDR_HOST_MAX], size_t *n, size_t *to)
{
	for (;;) {
		unsigned size = get8(r);
		if (size >= 0xc0) {
			*to = (size & 0x3f) << 8 | get8(r);
			return !r->bad;
		}
		if (size > LABEL_MAX)
			r->bad = true;
		if (size == 0 || r->bad)
			return false;
		if (*n > 0 && *n + 1 < ADDR_HOST_MAX)
			out[(*n)++] = '.';
		for (unsigned i = 0; i < size && !r->bad; i++)
			put_octet(out, n, get8(r), &r->bad);
	}
}

/* Reads a name with its compression (RFC 1035 4.1.4). A pointer must lead further to the front
 * than the one before, so that there is no loop. */
static void get_name(struct reader *r, char out[ADDR_HOST_MAX])
{
	struct reader part = *r;
	size_t n = 0, to, limit = r->at;
	bool is_first = true;

	out[0] = '\0';
	for (;;) {
		bool is_pointer = get_labels(&part, out, &n, &to);
		if (is_first)
			r->at = part.at;
		is_first = false;
		if (!is_pointer || part.bad)
			break;
		if (to >= limit)
			part.bad = true;
		limit = to;
		part.at = to;
		if (part.bad)
			break;
	}
	r->bad |= part.bad;
	out[part.bad ? 0 : n] = '\0';
}

static bool same_name(const char *a, const char *b)
{
	struct bytes x = bytes_of(a), y = bytes_of(b);

	if (y.n > 0 && y.p[y.n - 1] == '.')
		y.n--;
	return bytes_equal_nocase(x, y);
}

/* A record's head; its data begins at start and ends where r is afterwards. */
struct record {
	char owner[ADDR_HOST_MAX];
	unsigned type, class;
	size_t start, n;
};

static bool get_record(struct reader *r, struct record *out)
{
	get_name(r, out->owner);
	out->type = get16(r);
	out->class = get16(r);
	get16(r); /* TTL */
	get16(r);
	out->n = get16(r);
	out->start = r->at;
	if (r->bad || out->n > r->message.n - r->at)
		r->bad = true;
	else
		r->at += out->n;
	return !r->bad;
}

static void get_address(struct reader *r, const struct record *rr, struct dns_record *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const unsigned char *p = r->message.p + rr->start;

	if (rr->type == DNS_A && rr->n == 4) {
		memcpy(&v4.sin_addr, p, 4);
		memcpy(&out->addr.sa, &v4, sizeof(v4));
		out->addr.len = sizeof(v4);
	} else if (rr->type == DNS_AAAA && rr->n == 16) {
		memcpy(&v6.sin6_addr, p, 16);
		memcpy(&out->addr.sa, &v6, sizeof(v6));
		out->addr.len = sizeof(v6);
	} else {
		r->bad = true;
	}
}

static void get_tlsa(struct reader *r, const struct record *rr, struct dns_tlsa *out)
{
	const unsigned char *p = r->message.p + rr->start;

	if (rr->n < 4) {
		r->bad = true;
		return;
	}
	out->usage = p[0];
	out->selector = p[1];
	out->matching = p[2];
	out->data_n = rr->n - 3;
	memcpy(out->data, p + 3, out->data_n < sizeof(out->data) ? out->data_n : sizeof(out->data));
}

static void get_data(struct reader *r, const struct record *rr, struct dns_record *out)
{
	struct reader data = *r;

	*out = (struct dns_record){ .type = (enum dns_type)rr->type };
	if (rr->type == DNS_A || rr->type == DNS_AAAA) {
		get_address(r, rr, out);
		return;
	}
	if (rr->type == DNS_TLSA) {
		get_tlsa(r, rr, &out->tlsa);
		return;
	}
	data.at = rr->start;
	if (rr->type == DNS_MX)
		out->priority = get16(&data);
	get_name(&data, out->name);
	r->bad |= data.bad || data.at != rr->start + rr->n;
}

/* Where the chain of CNAMEs that begins with name ends. */
static void follow(struct reader from, unsigned count, char name[ADDR_HOST_MAX])
{
	struct record rr;
	struct dns_record target;

	for (int hop = 0; hop < HOPS_MAX; hop++) {
		struct reader r = from;
		bool moved = false;
		for (unsigned i = 0; i < count && !moved && get_record(&r, &rr); i++) {
			if (rr.type != DNS_CNAME || rr.class != CLASS_IN ||
					!same_name(rr.owner, name))
				continue;
			get_data(&r, &rr, &target);
			moved = !r.bad;
		}
		if (!moved)
			return;
		memcpy(name, target.name, ADDR_HOST_MAX);
	}
}

static void collect(struct reader *r, unsigned count, const char *name, enum dns_type type,
		struct dns_answer *answer)
{
	struct record rr;

	for (unsigned i = 0; i < count && get_record(r, &rr); i++) {
		if (rr.type != (unsigned)type || rr.class != CLASS_IN || !same_name(rr.owner, name))
			continue;
		if (answer->count == DNS_RECORDS_MAX) {
			answer->is_cut = true;
			continue;
		}
		get_data(r, &rr, &answer->at[answer->count]);
		if (!r->bad)
			answer->count++;
	}
}

static const char *rcode_text(unsigned rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED" };

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : "an unknown code";
}

/* The question comes back in the answer; a server that could not read it may leave it out. */
static bool is_our_question(struct reader *r, unsigned count, const struct dns_question *q)
{
	char asked[ADDR_HOST_MAX];

	if (count != 1)
		return false;
	get_name(r, asked);
	unsigned asked_type = get16(r);
	unsigned class = get16(r);
	return !r->bad && asked_type == (unsigned)q->type && class == CLASS_IN &&
			same_name(asked, q->name);
}

bool dns_parse(struct bytes message, const struct dns_question *q, struct dns_answer *answer,
		struct err *e)
{
	struct reader r = { .message = message };
	char end[ADDR_HOST_MAX];

	*answer = (struct dns_answer){ .count = 0 };
	unsigned id = get16(&r);
	unsigned flags = get16(&r);
	unsigned questions = get16(&r);
	unsigned answers = get16(&r);
	get16(&r);
	get16(&r);
	if (r.bad || id != q->id || !(flags & FLAG_RESPONSE))
		return err_set(e, ERR_PROTOCOL, "no answer to our question");
	answer->rcode = flags & 15;
	answer->nxdomain = answer->rcode == 3;
	answer->authentic = flags & FLAG_AUTHENTIC;
	answer->is_truncated = flags & FLAG_TRUNCATED;
	bool is_refusal = answer->rcode != 0 && !answer->nxdomain;
	if (!(is_refusal && questions == 0) && !is_our_question(&r, questions, q))
		return err_set(e, ERR_PROTOCOL, "no answer to our question");
	if (is_refusal)
		return err_set(e, ERR_DNS, "%s", rcode_text(answer->rcode));
	if (answer->is_truncated) /* what is there may be cut anywhere: TCP has the rest */
		return true;
	snprintf(end, sizeof(end), "%s", q->name);
	if (q->type != DNS_CNAME)
		follow(r, answers, end);
	collect(&r, answers, end, q->type, answer);
	return !r.bad || err_set(e, ERR_PROTOCOL, "malformed answer");
}
