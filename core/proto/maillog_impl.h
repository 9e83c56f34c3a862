/* maillog_impl - what the readers of one program family share
 * SPDX-License-Identifier: MIT */
#pragma once

#include "proto/maillog.h"

#include <stddef.h>
#include <string.h>

#define STARTS(in, literal) \
	((in).n >= sizeof(literal) - 1 && memcmp((in).p, literal, sizeof(literal) - 1) == 0)
#define IS(in, literal) ((in).n == sizeof(literal) - 1 && STARTS(in, literal))
#define HAS(in, literal) (bytes_search(in, BYTES(literal)) < (in).n)
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static inline bool maillog_is_letter(unsigned char c)
{
	return (unsigned)((c | 32) - 'a') < 26;
}

/* Reads e->at.text, e->family and e->level being set. */
void maillog_postfix(struct log_event *e);
void maillog_dovecot(struct log_event *e);
void maillog_exim(struct log_event *e);
void maillog_sendmail(struct log_event *e);
void maillog_opensmtpd(struct log_event *e);
void maillog_filter(struct log_event *e); /* milters, spam and virus filters, policies */
void maillog_mailsink(struct log_event *e);
void maillog_login(struct log_event *e); /* PAM, saslauthd, Cyrus, Courier */

/* A beginning of a text and what it tells. */
struct maillog_start {
	const char *head;
	void (*read)(struct log_event *e, struct bytes rest); /* what follows head; may be NULL */
	unsigned char head_n;
	unsigned char class; /* enum log_class */
};
#define START(head, class, read)                          \
	{                                                 \
		(head), (read), sizeof(head) - 1, (class) \
	}

/* The first row whose head text begins with: class and read are used. False: none. */
bool maillog_starts(struct log_event *e, struct bytes text, const struct maillog_start *rows,
		size_t count);

/* A phrase anywhere in a text and what it tells. */
struct maillog_phrase {
	const char *phrase;
	unsigned char phrase_n;
	unsigned char class; /* enum log_class */
};
#define PHRASE(phrase, class)                         \
	{                                             \
		(phrase), sizeof(phrase) - 1, (class) \
	}
enum log_class maillog_phrases(struct bytes text, const struct maillog_phrase *rows, size_t count);

/* Where the value of a key goes: a struct bytes at offset in struct log_event. */
struct maillog_key {
	const char *key;
	unsigned char key_n;
	unsigned short offset;
};
#define KEY(name, member)                                                    \
	{                                                                    \
		(name), sizeof(name) - 1, offsetof(struct log_event, member) \
	}

/* The next "key=value" of in, which is moved behind it: a value in <> or "" loses them, another
 * ends before ", ", " (" or, when by_blank, a blank. False: none follows here. */
bool maillog_field(struct bytes *in, bool by_blank, struct bytes *key, struct bytes *value);

/* All fields of in into their members; in is left at what is no field. */
void maillog_fields(struct log_event *e, struct bytes *in, bool by_blank,
		const struct maillog_key *keys, size_t count);

/* "name[ip]" or "name[ip]:port" at the front of in. False, and nothing set: not of that form. */
bool maillog_peer(struct bytes *in, struct bytes *name, struct bytes *ip);

/* What is between the first open and the next close behind it; empty: none. */
struct bytes maillog_between(struct bytes in, const char *open, const char *close);

/* The value behind the first key (with its "=") up to a blank, comma or semicolon; <> taken off.
 * Empty: none. */
struct bytes maillog_value(struct bytes in, struct bytes key);

/* What follows the last occurrence of what, for what stands before may be a peer's words. Empty:
 * none. */
struct bytes maillog_last(struct bytes in, struct bytes what);

/* Without the angle brackets around. */
struct bytes maillog_bare(struct bytes address);

/* The first IPv4 or IPv6 address in [] (or, last resort, standing free). Empty: none. */
struct bytes maillog_ip(struct bytes in);
bool maillog_is_ip(struct bytes word);

/* How long the Postfix queue id is that in begins with, whatever follows; 0 = none. */
size_t maillog_queue_id(struct bytes in, enum log_id_kind *kind, int64_t *arrived_s);

/* Reply code and enhanced code where a text begins with them ("550 5.1.1 ..."). */
void maillog_reply(struct log_event *e, struct bytes text);

/* "12.3" seconds, or "1+02:03:04". */
uint32_t maillog_ms(struct bytes text);

/* By e->level alone: what is said there is no known form. */
enum log_class maillog_by_level(enum syslog_level level);

/* "warning: ", "Error: ", "fatal: " at the front of *text: taken off, e->level raised to it. */
bool maillog_level(struct log_event *e, struct bytes *text);

/* Programs of Dovecot that name themselves where the log is its own file: "imap-login". */
bool maillog_dovecot_service(struct bytes program);
