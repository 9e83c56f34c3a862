/* dialog - one client conversation: greet, command, reply, STARTTLS
 * SPDX-License-Identifier: MIT */
#pragma once

#include "net/stream.h"
#include "net/tls.h"
#include "proto/dot.h"
#include "proto/imap.h"
#include "proto/reply.h"

enum {
	DIALOG_REPLY_MS = 60 * 1000, /* greeting and each reply: servers do delay greetings */
	DIALOG_FINAL_DOT_MS =
			120 * 1000, /* RFC 5321 4.5.3.2.6 asks for 10 minutes; -t may give them */
	DIALOG_LAST_WORD_MS = 1000, /* after a failed write: what the peer said before it hung up */
	DIALOG_WAIT_NOTE_MS = 3000, /* first word about waiting, then every 5 s */
	DIALOG_CHUNK = 64 * 1024,
};

/* Who is told what crosses the wire. Any member may be NULL. Texts are foreign octets. */
struct dialog_observer {
	void *ctx;
	void (*sent)(void *ctx, struct bytes shown); /* without CRLF, secrets replaced */
	void (*replied)(void *ctx,
			const struct reply *r); /* whole, or what came before it broke off */
	void (*waiting)(void *ctx, unsigned seconds);
};

/* IMAP: who is told of what comes before the answer. Any member may be NULL. */
struct dialog_untagged {
	void *ctx;
	/* A whole response; message data in it went to part, "" stands for it. */
	void (*response)(void *ctx, struct bytes text);
	/* Message data; false: it cannot be kept, the conversation ends with ERR_LOCAL. */
	bool (*part)(void *ctx, struct bytes part);
};

/* Zero it, then dialog_begin. The three channels: a false return says that the conversation
 * failed (err); a true one that the peer answered (reply), whatever the answer is; reply.faults
 * tells what it did wrong. */
struct dialog {
	struct world *w;
	struct stream *s; /* owned once begun; NULL after dialog_end */
	enum proto proto;
	const struct dialog_observer *ob;
	uint64_t deadline_ms; /* of the whole run; WORLD_FOREVER = none */
	bool show_secrets;
	struct buf in; /* received, not yet read as a reply */
	struct reply reply;
	struct err err;
	bool is_over; /* nothing more can be asked: 421, closed, out of step after a timeout */
	/* IMAP's own */
	char tag[16];  /* of the command that is to be answered; "" = any response will do */
	unsigned tags; /* given so far */
	struct imap_reader response;
	const struct dialog_untagged *untagged;
	uint64_t asked_ms; /* when the last thing was sent */
};

void dialog_begin(struct dialog *d, struct world *w, struct stream *s, enum proto proto);

/* Closes the stream and frees everything. Sends nothing: QUIT is the caller's. */
void dialog_end(struct dialog *d);

/* Reads the next reply. Nothing is sent before the greeting is whole: dialog_begin, then this. The
 * wait for SMTP's (DIALOG_REPLY_MS or more) is as long as the run, where that has a deadline. */
bool dialog_read_reply(struct dialog *d, uint64_t timeout_ms);

/* IMAP: gives the next command its tag, which is appended to line with a blank. */
void dialog_tag(struct dialog *d, struct buf *line);

/* Waits for the first octet of whatever comes next, taking nothing. False: d->err (ERR_TIMEOUT,
 * ERR_CLOSED, ...). */
bool dialog_wait(struct dialog *d, uint64_t timeout_ms);

/* Sends one line as one write, CRLF added. sent may hold secrets, shown is what observers get.
 * Refuses (ERR_POLICY) a line with CR, LF or NUL. */
bool dialog_send(struct dialog *d, struct bytes sent, struct bytes shown);

/* The same for a line without secrets. */
bool dialog_send_line(struct dialog *d, struct bytes line);

/* Octets as they are, not shown (message data). */
bool dialog_send_raw(struct dialog *d, struct bytes data);

/* dialog_send, then dialog_read_reply. When the write fails because the peer hung up, what it
 * said before that is read and counts as the reply. */
bool dialog_command(struct dialog *d, struct bytes sent, struct bytes shown, uint64_t timeout_ms);
/* dialog_command without secrets, DIALOG_REPLY_MS; IMAP gets its tag here. */
bool dialog_ask(struct dialog *d, const char *line);

/* Reads dot-stuffed data (POP3), handing over what is message as it comes: constant memory.
 * taker returning false ends it early with ERR_LOCAL. */
bool dialog_read_data(struct dialog *d, struct dot_reader *dots,
		bool (*taker)(void *ctx, struct bytes part), void *ctx);

/* Have octets come that nobody asked for, into our buffer or the kernel's? */
bool dialog_more_waits(struct dialog *d);

/* STARTTLS (POP3: STLS), the answer, the handshake. False with err.kind ERR_NONE: the peer
 * answered, and the answer (reply) was no. */
bool dialog_starttls(struct dialog *d, const struct tls_options *o, struct tls_facts *facts);

/* The handshake alone, behind the positive answer. False with ERR_POLICY: clear-text octets waited
 * behind that, which TLS would have let pass as if they were protected (CVE-2011-0411,
 * CVE-2021-22947); they are left in d->in for the report. */
bool dialog_handshake(struct dialog *d, const struct tls_options *o, struct tls_facts *facts);

/* The positive (2xx, +OK, OK) and "go on" (3xx, +) answers. */
bool dialog_is_ok(const struct dialog *d);
bool dialog_is_continue(const struct dialog *d);

/* now + ms, capped by the run's deadline. */
uint64_t dialog_deadline(const struct dialog *d, uint64_t ms);
