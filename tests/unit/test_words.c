/* test_words - notes on keywords are found, short and plain
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "know/words.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	enum words_table table;
	const char *line, *note; /* NULL: unknown */
} rows[] = {
	{ WORDS_EHLO, "PIPELINING", "commands may be sent in batches" },
	{ WORDS_EHLO, "pipelining", "commands may be sent in batches" },
	{ WORDS_EHLO, "SIZE 10485760", "largest message 10 MiB" },
	{ WORDS_EHLO, "SIZE 10240000", "largest message 9.7 MiB" },
	{ WORDS_EHLO, "SIZE 1023", "largest message 1023 bytes" },
	{ WORDS_EHLO, "SIZE 1024", "largest message 1 KiB" },
	{ WORDS_EHLO, "SIZE 1610612736", "largest message 1.5 GiB" },
	{ WORDS_EHLO, "SIZE 0", "no fixed limit on message size" },
	{ WORDS_EHLO, "SIZE", "no fixed limit on message size" },
	{ WORDS_EHLO, "SIZE many", "no fixed limit on message size" },
	{ WORDS_EHLO, "SIZE 99999999999999999999999", "no fixed limit on message size" },
	{ WORDS_EHLO, "AUTH DIGEST-MD5 PLAIN LOGIN CRAM-MD5",
			"login; PLAIN and LOGIN show the password" },
	{ WORDS_EHLO, "auth plain", "login; PLAIN and LOGIN show the password" },
	{ WORDS_EHLO, "AUTH CRAM-MD5", "login without showing the password" },
	{ WORDS_EHLO, "AUTH", "login mechanisms" },
	{ WORDS_EHLO, "AUTH=DIGEST-MD5 PLAIN LOGIN CRAM-MD5",
			"same list in the syntax of old Outlook" },
	{ WORDS_EHLO, "XXXXXXXA", "masked by a firewall (Cisco inspect esmtp)" },
	{ WORDS_EHLO, "XXXXXXXB", "masked by a firewall (Cisco inspect esmtp)" },
	{ WORDS_EHLO, "XXA", NULL },
	{ WORDS_EHLO, "XYZZY", NULL },
	{ WORDS_EHLO, "PIPELINING2", NULL },
	{ WORDS_EHLO, "", NULL },
	{ WORDS_EHLO, " \t ", NULL },
	{ WORDS_EHLO, "STLS", NULL },
	{ WORDS_CAPA, "STLS", "TLS can be started here" },
	{ WORDS_CAPA, "SASL PLAIN", "login; PLAIN and LOGIN show the password" },
	{ WORDS_CAPA, "SASL", "no mechanism for AUTH: TLS first, perhaps" },
	{ WORDS_CAPA, "LOGIN-DELAY 10", "10 s between two logins" },
	{ WORDS_CAPA, "LOGIN-DELAY 900 USER", "900 s between two logins" },
	{ WORDS_CAPA, "EXPIRE NEVER", "messages are kept for good" },
	{ WORDS_CAPA, "EXPIRE 60", "messages are kept 60 days" },
	{ WORDS_CAPA, "EXPIRE 0", "messages are deleted once read" },
	{ WORDS_CAPA, "EXPIRENEVER", "meant is EXPIRE NEVER: a blank is missing" },
	{ WORDS_CAPA, "IMPLEMENTATION Courier Mail Server", "tells the server's software" },
	{ WORDS_IMAP, "IMAP4rev1", "the usual protocol version" },
	{ WORDS_IMAP, "LOGINDISABLED", "no LOGIN before TLS" },
	{ WORDS_IMAP, "AUTH=PLAIN", "login; PLAIN and LOGIN show the password" },
	{ WORDS_IMAP, "AUTH=SCRAM-SHA-256", "login without showing the password" },
	{ WORDS_IMAP, "THREAD=REFS", "the server can group by thread" },
	{ WORDS_IMAP, "APPENDLIMIT=1000", "largest message that can be stored" },
	{ WORDS_IMAP, "THREADS", NULL },
	{ WORDS_IMAP, "XXXXXXXA", NULL },
	{ WORDS_MECH, "PLAIN", "sends the password as is; needs TLS" },
	{ WORDS_MECH, "scram-sha-256", "password not sent; both sides prove it" },
	{ WORDS_MECH, "FOO", NULL },
};

static void notes_are_as_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out;
		buf_init(&out, 1000);
		bool is_known = words_put(&out, rows[i].table, bytes_of(rows[i].line));
		if (is_known != (rows[i].note != NULL) ||
				strcmp(buf_text(&out), rows[i].note ? rows[i].note : "") != 0)
			fail_msg("\"%s\": \"%s\"", rows[i].line, buf_text(&out));
		assert_true(out.n <= WORDS_NOTE_MAX);
		buf_free(&out);
	}
}

/* Every keyword that a server of the lab or the article announces has a note. */
static void known_servers_leave_no_gap(void **state)
{
	static const struct {
		enum words_table table;
		const char *words;
	} servers[] = {
		{ WORDS_EHLO,
				"PIPELINING SIZE ETRN VRFY EXPN AUTH STARTTLS ENHANCEDSTATUSCODES 8BITMIME DSN "
				"SMTPUTF8 CHUNKING BINARYMIME HELP XCLIENT XFORWARD REQUIRETLS LIMITS "
				"MT-PRIORITY DELIVERBY FUTURERELEASE BURL BDAT NO-SOLICITING CHECKPOINT TURN "
				"ATRN PRDR X-EXPS X-LINK2STATE XEXCH50 UTF8SMTP" },
		{ WORDS_CAPA,
				"TOP USER SASL RESP-CODES AUTH-RESP-CODE LOGIN-DELAY PIPELINING EXPIRE UIDL "
				"IMPLEMENTATION STLS LANG UTF8 APOP CAPA" },
		{ WORDS_IMAP,
				"IMAP4rev1 IDLE STARTTLS LOGINDISABLED SASL-IR LITERAL+ LITERAL- NAMESPACE "
				"UIDPLUS QUOTA CONDSTORE QRESYNC MOVE SPECIAL-USE ID ENABLE LOGIN-REFERRALS" },
		{ WORDS_MECH,
				"PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER "
				"NTLM GSSAPI EXTERNAL ANONYMOUS" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++) {
		struct bytes rest = bytes_of(servers[i].words);
		struct bytes word;
		while (bytes_word(&rest, &word)) {
			struct buf note = BUF(1000);
			if (!words_put(&note, servers[i].table, word))
				fail_msg("no note on %.*s", (int)word.n, (const char *)word.p);
			if (note.n > WORDS_NOTE_MAX)
				fail_msg("too long: %s", buf_text(&note));
			buf_free(&note);
		}
	}
}

/* What a server writes behind a keyword never comes through. */
static void foreign_bytes_are_never_written(void **state)
{
	static const char *const lines[] = { "SIZE \033[2J", "SIZE 1\033[2J", "AUTH \033]0;x\007",
		"AUTH=\xff", "XXXX\033A", "LIMITS \xe2\x80\xae" };

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct buf out;
		buf_init(&out, 1000);
		words_put(&out, WORDS_EHLO, bytes_of(lines[i]));
		for (size_t j = 0; j < out.n; j++)
			assert_in_range(out.p[j], ' ', '~');
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_are_as_written),
		cmocka_unit_test(known_servers_leave_no_gap),
		cmocka_unit_test(foreign_bytes_are_never_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
