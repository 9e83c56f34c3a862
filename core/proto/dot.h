/* dot - dot-stuffed data, reading and writing (RFC 5321 4.5.2)
 * SPDX-License-Identifier: MIT */
#pragma once

#include "sys/buf.h"

/* What the reader is in the middle of. A time-out or the end of the stream in DOT_DOT or
 * DOT_DOT_CR means that the terminator is incomplete (cyrus-imapd issue 4717: ".CR" and then
 * silence). */
enum dot_state {
	DOT_LINE_START,
	DOT_TEXT,
	DOT_CR,     /* a CR that may begin a line end */
	DOT_DOT,    /* a dot at the start of a line, held back */
	DOT_DOT_CR, /* the dot and a CR, held back */
};

/* Reads stuffed data up to CRLF "." CRLF, cut anywhere. Zeroed = at the start of the data.
 * Octets are counted as RFC 1939 11 counts a message: unstuffed, each line end as it came.
 *
 * A bare LF ends a line only as long as no CRLF was seen: that is a peer that ends all its lines
 * so. After the first CRLF "LF . LF" is text, as RFC 5321 4.1.1.4 wants it. A server sets
 * crlf_only and is never fooled by a client that sends LF only ("SMTP smuggling",
 * CVE-2023-51764). */
struct dot_reader {
	bool crlf_only;
	enum dot_state state;
	uint64_t octets;  /* unstuffed so far, terminator not counted */
	uint64_t crlf;    /* line ends CRLF */
	uint64_t bare_lf; /* LF without CR */
	uint64_t bare_cr; /* CR not followed by LF */
	uint64_t nul;
	bool lone_dot_lf;   /* the terminator had a bare LF: LF "." LF, LF "." CRLF */
	bool cut_dot;       /* the stream ended inside the terminator, see dot_eof */
	bool unstuffed_dot; /* one dot before other octets: the peer does not stuff */
	bool is_done;
};

/* Takes data off the front of in, appends what is message to out (up to out's free room: then
 * returns with in not empty, so that memory stays constant; empty out and call again). Stops
 * right behind the terminator, is_done set. */
void dot_read(struct dot_reader *d, struct bytes *in, struct buf *out);

/* The stream ended. True: the data is complete; a dot whose line end did not come is taken for
 * the terminator, and cut_dot is set. False: the data was cut off. */
bool dot_eof(struct dot_reader *d);

/* Writes data in SMTP form: line ends (LF, CR, CRLF; mixed) become CRLF, a leading dot is
 * doubled. State is kept between calls, so the input may be cut anywhere; zeroed = at the start.
 * dot_finish adds a missing last CRLF and the terminator ".\r\n". At most two octets come out
 * for one that goes in; what out cannot hold is lost and out->overflow set. */
struct dot_writer {
	bool no_dots;  /* line ends only: BDAT, and to count */
	bool mid_line; /* the last octet was not a line end */
	bool after_cr; /* a CR was written as CRLF: an LF that follows belongs to it */
};
void dot_write(struct dot_writer *d, struct bytes in, struct buf *out);
void dot_finish(struct dot_writer *d, struct buf *out);

/* Of data that goes out as it is: notes what dot_finish has to know. Only CRLF ends a line: to a
 * server that refuses a bare LF (Postfix smtpd_forbid_bare_newline) a dot behind one is no end. */
void dot_pass(struct dot_writer *d, struct bytes in);
