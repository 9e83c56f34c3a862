/* test_advice - the knowledge base answers its own examples, and honestly
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "know/advice.h"
#include "net/tls.h"
#include "sys/file.h"

struct example {
	const char *id, *proto, *stage, *user, *error, *host, *mech, *line;
};

static const struct example examples[] = {
#include "advice_examples.inc"
};

/* Notes a failing row and goes on, so that one run shows them all. */
#define ROW_FAIL(...) (print_error(__VA_ARGS__), print_error("\n"), bad++)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	enum advice_proto proto;
} protos[] = {
	{ "smtp", ADVICE_SMTP },
	{ "pop3", ADVICE_POP3 },
	{ "imap", ADVICE_IMAP },
	{ "tls", ADVICE_TLS },
	{ "net", ADVICE_NET },
	{ "dns", ADVICE_DNS },
	{ "log", ADVICE_LOG },
};

static struct finding finding_of(const struct example *e)
{
	struct finding f = { .stage = e->stage[0] ? e->stage : NULL,
		.error = e->error[0] ? e->error : NULL,
		.user = bytes_of(e->user),
		.host = bytes_of(e->host),
		.mech = bytes_of(e->mech) };

	for (size_t i = 0; i < COUNT(protos); i++) {
		if (strcmp(protos[i].name, e->proto) == 0)
			f.proto = protos[i].proto;
	}
	advice_read_reply(bytes_of(e->line), &f);
	return f;
}

static const struct advice *answer(const char *stage, const char *user, const char *line)
{
	struct example e = { "", line[0] == '-' ? "pop3" : "smtp", stage, user, "", "", "", line };
	struct finding f = finding_of(&e);

	return advise(&f, NULL);
}

static bool has_word(const char *text, const char *word)
{
	return text && bytes_search_nocase(bytes_of(text), bytes_of(word)) < strlen(text);
}

static void each_example_is_answered_by_its_entry_alone(void **state)
{
	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct example *e = &examples[i];
		if (strcmp(e->proto, "phrase") == 0)
			continue;
		struct finding f = finding_of(e);
		const struct advice *best = advise(&f, NULL);
		if (!best || strcmp(best->id, e->id) != 0)
			ROW_FAIL("%s: %s %s \"%s\" is answered by %s", e->id, e->proto, e->stage,
					e->line, best ? best->id : "nobody");
		if (!best)
			continue;
		unsigned score = advice_score(best, &f, NULL);
		for (size_t j = 0; j < advice_count; j++) {
			const struct advice *other = &advice_list()[j];
			if (other != best && other->is_fallback == best->is_fallback &&
					advice_score(other, &f, NULL) >= score)
				ROW_FAIL("%s: \"%s\" fits %s as well", e->id, e->line, other->id);
		}
	}
	assert_int_equal(bad, 0);
}

/* An address as user name must not draw every refusal to the entry about addresses. */
/* tests/data/pop-errors.tsv, smtp-errors.tsv: server, stage, id, reply. */
static bool read_row(struct bytes line, char field[4][300])
{
	for (size_t i = 0; i < 4; i++) {
		size_t n = bytes_find(line, '\t');
		if (n >= sizeof(field[i]) || (n == line.n) != (i == 3))
			return false;
		memcpy(field[i], line.p, n);
		field[i][n] = '\0';
		line = bytes_skip(line, n + 1);
	}
	return true;
}

static void explain_all(const char *path)
{
	struct buf file = BUF(65536);
	struct bytes rest, line;
	char field[4][300];
	int bad = 0, rows = 0;

	assert_true(file_read(path, &file, NULL));
	rest = buf_bytes(&file);
	while (bytes_line(&rest, &line)) {
		if (bytes_starts(line, BYTES("#")))
			continue;
		assert_true(read_row(line, field));
		struct finding f = { .stage = field[1], .user = BYTES("sample") }, pasted = { 0 };
		const struct advice *found[ADVICE_GUESS_MAX];
		bool is_challenge = field[3][0] == '+' && field[3][1] == ' ';
		f.proto = is_challenge ? ADVICE_POP3 : 0;
		advice_read_reply(bytes_of(field[3]), &f);
		const struct advice *best = advise(&f, NULL);
		if (!best || strcmp(best->id, field[2]) != 0)
			ROW_FAIL("%s %s \"%s\" is answered by %s, not %s", field[0], field[1],
					field[3], best ? best->id : "nothing", field[2]);
		if (advice_guess(bytes_of(field[3]), &pasted, found) == 0)
			ROW_FAIL("pasted, \"%s\" is not known", field[3]);
		rows++;
	}
	buf_free(&file);
	assert_true(rows > 100);
	assert_int_equal(bad, 0);
}

static void what_mailbox_servers_say_is_explained(void **state)
{
	(void)state;
	explain_all("tests/data/pop-errors.tsv");
}

static void what_smtp_servers_say_is_explained(void **state)
{
	(void)state;
	explain_all("tests/data/smtp-errors.tsv");
}

static void an_address_as_user_changes_nothing_else(void **state)
{
	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct example e = examples[i];
		if (strcmp(e.stage, "auth") != 0 || e.user[0] || has_word(e.id, "auth-failed"))
			continue;
		e.user = "sample@example.com";
		struct finding f = finding_of(&e);
		const struct advice *best = advise(&f, NULL);
		assert_non_null(best);
		if (strcmp(best->id, e.id) != 0)
			ROW_FAIL("%s: \"%s\" of an address is answered by %s", e.id, e.line,
					best->id);
	}
	assert_int_equal(bad, 0);
}

/* What somebody pastes has neither stage, user nor mechanism: the entry must still be among the
 * answers. */
static void each_example_is_found_when_pasted(void **state)
{
	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct example *e = &examples[i];
		const struct advice *found[ADVICE_GUESS_MAX];
		struct finding f = { .code = 0 };
		bool is_there = false;
		if (e->line[0] == '\0' || e->host[0] || e->mech[0])
			continue;
		size_t n = advice_guess(bytes_of(e->line), &f, found);
		for (size_t j = 0; j < n; j++)
			is_there |= strcmp(found[j]->id, e->id) == 0;
		bool is_bound = advice_by_id(bytes_of(e->id))->is_fallback ||
				strcmp(e->stage, "banner") == 0 || strcmp(e->line, "-ERR") == 0 ||
				strcmp(e->stage, "tls") == 0;
		if (!is_there && !is_bound)
			ROW_FAIL("%s is not found for \"%s\" but %s", e->id, e->line,
					n ? found[0]->id : "nothing");
	}
	assert_int_equal(bad, 0);
}

static void entries_are_whole(void **state)
{
	static const char *const commands[] = { "{talk}", "smtptalk", "pop3talk", "b64auth",
		"authtest", "cat", "chmod", "cyradm", "date", "df", "dig", "doveadm", "doveconf",
		"dovecot", "exim", "exinext", "file", "free", "getent", "head", "ip", "journalctl",
		"ls", "maillogwatch", "mailq", "mailsink", "mscan", "mtabox", "mxcheck", "namei",
		"nft", "opendkim-testkey", "openssl", "passwd", "ping", "postconf", "postfix",
		"postmap", "postqueue", "posttls-finger", "ps", "pwsh", "quota", "sasldblistusers2",
		"saslpluginviewer", "sendmail", "smtpctl", "ss", "sysctl", "systemctl",
		"testsaslauthd", "timedatectl", "uptime" };
	size_t smtp = 0;
	size_t pop_imap = 0;

	(void)state;
	int bad = 0;
	for (size_t i = 0; i < advice_count; i++) {
		const struct advice *a = &advice_list()[i];
		struct bytes next = bytes_of(a->next);
		struct bytes first;
		bool is_command = false;
		assert_true(bytes_word(&next, &first));
		for (size_t j = 0; j < COUNT(commands); j++)
			is_command |= bytes_equal(first, bytes_of(commands[j]));
		if (!is_command)
			ROW_FAIL("%s: \"%s\" begins with no known command", a->id, a->next);
		if (i && strcmp(advice_list()[i - 1].id, a->id) >= 0)
			ROW_FAIL("%s stands out of order", a->id);
		if (!has_word(a->means, "certain") && !has_word(a->means, "likely") &&
				!has_word(a->means, "possible"))
			ROW_FAIL("%s does not say how sure it is", a->id);
		smtp += (a->protos & ADVICE_SMTP) != 0;
		pop_imap += (a->protos & (ADVICE_POP3 | ADVICE_IMAP)) != 0;
	}
	assert_true(smtp >= 40);
	assert_true(pop_imap >= 30);
	assert_int_equal(bad, 0);
}

static void temporary_replies_are_never_called_permanent(void **state)
{
	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(examples); i++) {
		if (examples[i].line[0] != '4' || strcmp(examples[i].proto, "smtp") != 0)
			continue;
		const struct advice *a = advice_by_id(bytes_of(examples[i].id));
		assert_non_null(a);
		if (has_word(a->means, "for good") || has_word(a->means, "permanent") ||
				has_word(a->means, "never"))
			ROW_FAIL("%s calls a 4xx permanent", a->id);
	}
	for (int code = 400; code < 500; code++) {
		struct finding f = { .proto = ADVICE_SMTP, .stage = "rcpt", .code = code };
		const struct advice *a = advise(&f, NULL);
		assert_non_null(a);
		assert_false(has_word(a->means, "for good"));
	}
	assert_int_equal(bad, 0);
}

static void server_trouble_never_blames_the_password(void **state)
{
	static const char *const lines[] = {
		"-ERR [SYS/TEMP] anything",
		"-ERR [SYS/PERM] anything",
		"-ERR [SYS/TEMP] Authentication failed",
		"-ERR [SYS/TEMP] Temporary authentication failure. [host:time]",
		"-ERR [IN-USE] Mailbox is locked by another POP3 session.",
		"-ERR [IN-USE] authentication failed",
		"-ERR [LOGIN-DELAY] wait",
		"454 4.7.0 Temporary authentication failure: generic failure",
		"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
	};

	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(lines); i++) {
		const struct advice *a = answer("auth", "sample@example.com", lines[i]);
		assert_non_null(a);
		for (size_t j = 0; j < ADVICE_LIKELY_MAX; j++) {
			if (has_word(a->likely[j], "password is wrong") ||
					has_word(a->likely[j], "not the mail"))
				ROW_FAIL("\"%s\": %s blames the password", lines[i], a->id);
		}
		if (has_word(a->means, "said no"))
			ROW_FAIL("\"%s\": %s says the password was judged", lines[i], a->id);
	}
	assert_int_equal(bad, 0);
}

static void the_article_case_names_its_two_causes(void **state)
{
	static const char line[] = "535 5.7.8 Error: authentication failed: authentication failure";
	struct example e = { "", "smtp", "auth", "sample@example.com", "", "localhost", "", line };
	struct finding f = finding_of(&e);
	struct advice_binds binds;
	struct buf out;

	(void)state;
	f.port = 25;
	const struct advice *a = advise(&f, &binds);
	assert_string_equal(a->id, "auth-user-is-address");
	assert_int_equal(a->severity, ADVICE_CRITICAL);
	assert_non_null(a->likely[0]);
	assert_non_null(a->likely[1]);
	buf_init(&out, 4096);
	advice_expand(&out, a->likely[0], &f, &binds);
	assert_string_equal(buf_text(&out), "it knows \"sample\", not the mail address");
	buf_clear(&out);
	advice_expand(&out, a->next, &f, &binds);
	assert_string_equal(buf_text(&out), "smtptalk localhost:25 -u sample --auth-only");
	buf_free(&out);
	assert_string_equal(answer("auth", "sample", line)->id, "auth-failed");
}

static void unknown_stays_unknown(void **state)
{
	static const struct {
		const char *stage, *error, *id;
		enum advice_severity severity;
	} rows[] = {
		{ "data", "closed", "data-lost", ADVICE_UNKNOWN },
		{ "data", "reset", "data-stalled", ADVICE_UNKNOWN },
		{ "data", "timeout", "data-stalled", ADVICE_UNKNOWN },
		{ "quit", "closed", "quit-closed", ADVICE_OK },
		{ "cert", "clock", "clock-wrong", ADVICE_UNKNOWN },
		{ "cert", "no-store", "cert-no-roots", ADVICE_UNKNOWN },
		{ "dns", "dns", "resolver-failed", ADVICE_UNKNOWN },
		{ "banner", "timeout", "banner-slow", ADVICE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding f = { .proto = ADVICE_SMTP,
			.stage = rows[i].stage,
			.error = rows[i].error };
		const struct advice *a = advise(&f, NULL);
		assert_non_null(a);
		assert_string_equal(a->id, rows[i].id);
		assert_int_equal(a->severity, rows[i].severity);
		assert_false(has_word(a->means, "fail"));
	}
}

static void a_policy_refusal_says_the_password_was_not_judged(void **state)
{
	(void)state;
	const struct advice *a = answer("auth", "a@example.com",
			"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.");
	assert_string_equal(a->id, "o365-smtp-auth-disabled");
	assert_true(has_word(a->means, "password was not judged"));
	a = answer("auth", "a@example.com",
			"-ERR [AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) connections.");
	assert_string_equal(a->id, "pop-plaintext-disallowed");
	assert_true(has_word(a->means, "not judged"));
}

static void nothing_fits_a_good_reply(void **state)
{
	static const char *const lines[] = { "250 2.1.5 Ok", "235 2.7.0 Authentication successful",
		"220 mail.example.com ESMTP Postfix", "+OK Logged in.", "354 go ahead" };

	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct finding f = { .proto = lines[i][0] == '+' ? ADVICE_POP3 : ADVICE_SMTP,
			.stage = "rcpt" };
		advice_read_reply(bytes_of(lines[i]), &f);
		const struct advice *a = advise(&f, NULL);
		if (a)
			ROW_FAIL("\"%s\" is answered by %s", lines[i], a->id);
	}
	assert_int_equal(bad, 0);
}

static void replies_are_read(void **state)
{
	static const struct {
		const char *name, *line;
		enum advice_proto proto;
		int code;
		const char *enh, *respcode, *text;
	} rows[] = {
		{ "whole SMTP line", "535 5.7.8 Error: no", ADVICE_SMTP, 535, "5.7.8", "",
				"Error: no" },
		{ "continued line", "550-5.7.26 This", ADVICE_SMTP, 550, "5.7.26", "", "This" },
		{ "bare code", "334", ADVICE_SMTP, 334, "", "", "" },
		{ "code and blank", "334 ", ADVICE_SMTP, 334, "", "", "" },
		{ "enhanced code alone", "250 2.1.0", ADVICE_SMTP, 250, "2.1.0", "", "" },
		{ "a version is no enhanced code", "220 1.2.3.4 hi", ADVICE_SMTP, 220, "", "",
				"1.2.3.4 hi" },
		{ "too large a part", "550 5.7.1000 x", ADVICE_SMTP, 550, "", "", "5.7.1000 x" },
		{ "POP3 with code", "-ERR [SYS/TEMP] down", ADVICE_POP3, 0, "", "SYS/TEMP",
				"down" },
		{ "POP3 without", "-ERR no\r\n", ADVICE_POP3, 0, "", "", "no" },
		{ "bracket left open", "-ERR [AUTH no", ADVICE_POP3, 0, "", "", "[AUTH no" },
		{ "empty brackets", "-ERR [] no", ADVICE_POP3, 0, "", "", "no" },
		{ "code and nothing else", "-ERR [AUTH]", ADVICE_POP3, 0, "", "AUTH", "" },
		{ "IMAP tagged", "a1 NO [LIMIT] x", ADVICE_IMAP, 0, "", "LIMIT", "x" },
		{ "IMAP untagged", "* BYE off", ADVICE_IMAP, 0, "", "", "off" },
		{ "IMAP code with argument", "* NO [WEBALERT http://x] y", ADVICE_IMAP, 0, "",
				"WEBALERT", "y" },
		{ "status without tag", "NO [AUTHENTICATIONFAILED] x", ADVICE_IMAP, 0, "",
				"AUTHENTICATIONFAILED", "x" },
		{ "challenge", "+ eyJ9", 0, 0, "", "", "eyJ9" },
		{ "phrase", "no route to host", 0, 0, "", "", "no route to host" },
		{ "number that is no code", "1000 things", 0, 0, "", "", "1000 things" },
		{ "code above 5xx", "650 x", 0, 0, "", "", "650 x" },
		{ "empty", "", 0, 0, "", "", "" },
	};

	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding f = { .code = 0 };
		bool is_reply = advice_read_reply(bytes_of(rows[i].line), &f);
		if (f.proto != rows[i].proto || f.code != rows[i].code ||
				!bytes_equal(f.enh, bytes_of(rows[i].enh)) ||
				!bytes_equal(f.respcode, bytes_of(rows[i].respcode)) ||
				!bytes_equal(f.text, bytes_of(rows[i].text)) ||
				(is_reply != (rows[i].proto != 0 || rows[i].line[0] == '+')))
			ROW_FAIL("%s: read as %d \"%.*s\" [%.*s] \"%.*s\"", rows[i].name, f.code,
					(int)f.enh.n, f.enh.p ? (const char *)f.enh.p : "",
					(int)f.respcode.n,
					f.respcode.p ? (const char *)f.respcode.p : "",
					(int)f.text.n, f.text.p ? (const char *)f.text.p : "");
	}
	assert_int_equal(bad, 0);
}

static void the_protocol_that_was_spoken_decides(void **state)
{
	(void)state;
	struct finding f = { .proto = ADVICE_SMTP, .stage = "banner", .error = "protocol" };
	assert_false(advice_read_reply(BYTES("+OK POP3 ready"), &f));
	assert_string_equal(advise(&f, NULL)->id, "peer-is-pop3");
	f = (struct finding){ .proto = ADVICE_POP3, .stage = "banner", .error = "protocol" };
	assert_false(advice_read_reply(BYTES("220 mail ESMTP"), &f));
	assert_string_equal(advise(&f, NULL)->id, "peer-is-smtp");
}

static void templates_are_filled_in_safely(void **state)
{
	static const struct {
		const char *name, *template, *user, *host, *expect;
	} rows[] = {
		{ "plain", "x {user} y", "sample", "", "x sample y" },
		{ "address", "{user} {local} {domain}", "a@b@example.com", "",
				"a@b@example.com a@b example.com" },
		{ "unset", "{user} {nobody}", "", "", "<user> <nobody>" },
		{ "no domain", "{local} {domain}", "sample", "", "sample <domain>" },
		{ "blank is quoted", "{user}", "a b", "", "'a b'" },
		{ "command substitution is quoted", "{user}", "$(reboot)", "", "'$(reboot)'" },
		{ "quote is quoted", "{user}", "o'neil;x", "", "'o'\\''neil;x'" },
		{ "escape is dropped", "{user}", "a\033[2Jb", "", "<user>" },
		{ "line end is dropped", "{user}", "a\nreboot", "", "<user>" },
		{ "beyond ASCII is dropped", "{user}",
				"a\xe2\x80\xae"
				"b",
				"", "<user>" },
		{ "option is dropped", "{user}", "-rf", "", "<user>" },
		{ "server for dig is dropped", "{user}", "@evil", "", "<user>" },

		{ "IPv6 goes into brackets", "{host}:{port}", "", "2001:db8::1",
				"'[2001:db8::1]':25" },
		{ "name", "{host}:{port}", "", "mail.example.com", "mail.example.com:25" },
		{ "socket", "x {host}:{port} -v", "", "unix:/run/lmtp", "x unix:/run/lmtp -v" },
		{ "child", "x {host}:{port} -v", "", "exec:exim -bs", "x 'exec:exim -bs' -v" },
		{ "lone brace", "a } b", "", "", "a } b" },
		{ "unclosed name", "a {use", "sample", "", "a <use>" },
	};

	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct finding f = { .user = bytes_of(rows[i].user),
			.host = bytes_of(rows[i].host),
			.port = 25 };
		struct buf out;
		buf_init(&out, 1000);
		advice_expand(&out, rows[i].template, &f, NULL);
		if (strcmp(buf_text(&out), rows[i].expect) != 0)
			ROW_FAIL("%s: %s", rows[i].name, buf_text(&out));
		buf_free(&out);
	}
	assert_int_equal(bad, 0);
}

static void captures_are_bound(void **state)
{
	struct finding f = { .proto = ADVICE_SMTP, .stage = "rcpt" };
	struct advice_binds binds;
	struct buf out;

	(void)state;
	advice_read_reply(
			BYTES("554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using "
			      "zen.example.org; see https://example.org"),
			&f);
	const struct advice *a = advise(&f, &binds);
	assert_string_equal(a->id, "ip-listed");
	assert_int_equal(binds.n, 1);
	buf_init(&out, 1000);
	advice_expand(&out, a->next, &f, &binds);
	assert_string_equal(buf_text(&out), "dig +short TXT zen.example.org");
	buf_free(&out);
}

static void pasted_text_is_guessed(void **state)
{
	static const struct {
		const char *line, *id;
	} rows[] = {
		{ "535 5.7.8 Error: authentication failed: authentication failure", "auth-failed" },
		{ "S: 535 5.7.8 Error: authentication failed", "auth-failed" },
		{ "<** 554 5.7.1 <b@example.org>: Relay access denied", "relay-denied" },
		{ "relay access denied", "relay-denied" },
		{ "Authentication failed", "auth-failed" },
		{ "connect to mx.example.com[192.0.2.1]:25: Connection timed out",
				"postfix-connect-timeout" },
		{ "Connection refused", "port-refused" },
		{ "SSL_connect: certificate has expired", "cert-expired" },
		{ "host mx.example.com[192.0.2.1] said: 550 5.1.1 <b@example.com>: Recipient address rejected: "
		  "User unknown in virtual mailbox table (in reply to RCPT TO command)",
				"user-unknown-postfix" },
		{ "-ERR [IN-USE] whatever", "pop-in-use" },
		{ "greylist", "greylisted" },
		{ "bare-lf", "bare-lf" },
		{ "550", "smtp-refused" },
	};

	(void)state;
	int bad = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct advice *found[ADVICE_GUESS_MAX];
		struct finding f = { .code = 0 };
		size_t n = advice_guess(bytes_of(rows[i].line), &f, found);
		if (n == 0 || strcmp(found[0]->id, rows[i].id) != 0)
			ROW_FAIL("\"%s\" is guessed as %s", rows[i].line,
					n ? found[0]->id : "nothing");
	}
	const struct advice *found[ADVICE_GUESS_MAX];
	struct finding f = { .user = BYTES("a@example.com") };
	advice_guess(BYTES("535 5.7.8 Error: authentication failed"), &f, found);
	assert_string_equal(found[0]->id, "auth-user-is-address");
	f = (struct finding){ .code = 0 };
	assert_int_equal(advice_guess(BYTES("qwertyuiop"), &f, found), 0);
	assert_int_equal(advice_guess(BYTES(""), &f, found), 0);
	assert_int_equal(bad, 0);
}

/* The names that the rest of mtabox has for its own troubles are the names used in advice.txt. */
static void every_trouble_of_ours_is_known(void **state)
{
	static const enum err_kind kinds[] = { ERR_RESOLVE, ERR_DNS, ERR_REFUSED, ERR_UNREACHABLE,
		ERR_TIMEOUT, ERR_RESET, ERR_CLOSED, ERR_PROTOCOL, ERR_TLS, ERR_CERT };

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct finding f = { .proto = ADVICE_POP3, .error = err_name(kinds[i]) };
		f.stage = kinds[i] == ERR_CERT ? "cert" : "connect";
		if (kinds[i] == ERR_CLOSED || kinds[i] == ERR_PROTOCOL)
			f.stage = "banner";
		if (!advise(&f, NULL))
			fail_msg("%s at %s", f.error, f.stage);
	}
	for (unsigned bit = 1; bit <= TLS_SNI; bit <<= 1) {
		struct finding f = { .proto = ADVICE_POP3, .error = tls_fault_name(bit) };
		f.stage = bit & TLS_CERT_FAULTS ? "cert" : "tls";
		if (f.error[0] && !advise(&f, NULL))
			fail_msg("%s at %s", f.error, f.stage);
	}
}

static void entries_are_found_by_id(void **state)
{
	(void)state;
	for (size_t i = 0; i < advice_count; i++)
		assert_ptr_equal(advice_by_id(bytes_of(advice_list()[i].id)), &advice_list()[i]);
	assert_null(advice_by_id(BYTES("no-such-entry")));
	assert_null(advice_by_id(BYTES("")));
}

/* Text made to be slow for a matcher that tries again and again. */
static void hostile_text_takes_no_time(void **state)
{
	unsigned char text[100000];
	struct finding f = { .proto = ADVICE_SMTP, .stage = "rcpt", .code = 554 };

	(void)state;
	memset(text, 'b', sizeof(text));
	for (size_t i = 0; i + 14 < sizeof(text); i += 14)
		memcpy(text + i, "blocked using ", 14);
	f.text = (struct bytes){ text, sizeof(text) };
	for (int i = 0; i < 100; i++)
		assert_non_null(advise(&f, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_example_is_answered_by_its_entry_alone),
		cmocka_unit_test(what_mailbox_servers_say_is_explained),
		cmocka_unit_test(what_smtp_servers_say_is_explained),
		cmocka_unit_test(an_address_as_user_changes_nothing_else),
		cmocka_unit_test(each_example_is_found_when_pasted),
		cmocka_unit_test(entries_are_whole),
		cmocka_unit_test(temporary_replies_are_never_called_permanent),
		cmocka_unit_test(server_trouble_never_blames_the_password),
		cmocka_unit_test(the_article_case_names_its_two_causes),
		cmocka_unit_test(unknown_stays_unknown),
		cmocka_unit_test(a_policy_refusal_says_the_password_was_not_judged),
		cmocka_unit_test(nothing_fits_a_good_reply),
		cmocka_unit_test(replies_are_read),
		cmocka_unit_test(the_protocol_that_was_spoken_decides),
		cmocka_unit_test(templates_are_filled_in_safely),
		cmocka_unit_test(captures_are_bound),
		cmocka_unit_test(pasted_text_is_guessed),
		cmocka_unit_test(every_trouble_of_ours_is_known),
		cmocka_unit_test(entries_are_found_by_id),
		cmocka_unit_test(hostile_text_takes_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
