/* test_mscan - unit tests of mscan's parts without a network
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/local.h"
#include "applets/mscan/past.h"
#include "applets/mscan/show.h"
#include "applets/mscan/targets.h"
#include "applets/mscan/verdict.h"
#include "fakes/fake_world.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct fake_world world;

static int begin(void **state)
{
	(void)state;
	fake_world_init(&world);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fake_world_free(&world);
	return 0;
}

/* --- targets --- */

static void test_targets(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *first, *last, *error;
		unsigned port;
	} rows[] = {
		{ "192.0.2.1", 1, "192.0.2.1", "192.0.2.1", NULL, 0 },
		{ "192.0.2.1:587", 1, "192.0.2.1", "192.0.2.1", NULL, 587 },
		{ "smtps://192.0.2.1", 1, "192.0.2.1", "192.0.2.1", NULL, 465 },
		{ "[2001:db8::1]:25", 1, "2001:db8::1", "2001:db8::1", NULL, 25 },
		{ "2001:db8::1", 1, "2001:db8::1", "2001:db8::1", NULL, 0 },
		{ "192.0.2.77/24", 256, "192.0.2.0", "192.0.2.255", NULL, 0 },
		{ "192.0.2.1/32", 1, "192.0.2.1", "192.0.2.1", NULL, 0 },
		{ "192.0.2.255/31", 2, "192.0.2.254", "192.0.2.255", NULL, 0 },
		{ "10.1.0.0/16", 65536, "10.1.0.0", "10.1.255.255", NULL, 0 },
		{ "2001:db8::ff/120", 256, "2001:db8::", "2001:db8::ff", NULL, 0 },
		{ "192.0.2.1-20", 20, "192.0.2.1", "192.0.2.20", NULL, 0 },
		{ "192.0.2.250-192.0.3.5", 12, "192.0.2.250", "192.0.3.5", NULL, 0 },
		{ "2001:db8::1-2001:db8::3", 3, "2001:db8::1", "2001:db8::3", NULL, 0 },
		{ "192.0.2.1/33", 0, NULL, NULL, "0 to 32 bits", 0 },
		{ "192.0.2.1/", 0, NULL, NULL, "0 to 32 bits", 0 },
		{ "10.0.0.0/8", 0, NULL, NULL, "more than 65536", 0 },
		{ "2001:db8::/64", 0, NULL, NULL, "more than 65536", 0 },
		{ "host/24", 0, NULL, NULL, "no address before", 0 },
		{ "192.0.2.20-1", 0, NULL, NULL, "runs backwards", 0 },
		{ "192.0.2.20-300", 0, NULL, NULL, "ends no range", 0 },
		{ "192.0.2.20-2001:db8::1", 0, NULL, NULL, "ends no range", 0 },
		{ "fe80::1", 0, NULL, NULL, "needs its interface", 0 },
		{ "unix:/run/x", 0, NULL, NULL, "only hosts have ports", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mscan_run run = { .w = &world.w };
		struct targets t = { .run = &run };
		struct err e = { 0 };
		bool ok = targets_add(&t, rows[i].text, &e);
		if (rows[i].error) {
			assert_false(ok);
			if (!strstr(e.text, rows[i].error))
				fail_msg("%s: %s", rows[i].text, e.text);
		} else {
			assert_true(ok);
			assert_int_equal(run.host_count, rows[i].count);
			assert_string_equal(run.hosts[0].ip, rows[i].first);
			assert_string_equal(run.hosts[run.host_count - 1].ip, rows[i].last);
			assert_int_equal(t.port, rows[i].port);
		}
		targets_free(&run);
	}
}

static void test_target_file(void **state)
{
	struct mscan_run run = { .w = &world.w };
	struct targets t = { .run = &run, .dns = { .family = AF_INET } };
	char path[] = "/tmp/test_mscan.XXXXXX";
	struct err e = { 0 };

	(void)state;
	close(mkstemp(path));
	assert_true(file_write(path,
			BYTES("# a list\n192.0.2.1\n\n 192.0.2.2-3 # two\n192.0.2.1\n2001:db8::1\r\n"),
			true, &e));
	assert_true(targets_add_file(&t, path, &e));
	assert_int_equal(run.host_count, 3); /* once each, and no IPv6 */
	assert_true(file_write(path, BYTES("192.0.2.9\n10.0.0.0/99\n"), true, &e));
	assert_false(targets_add_file(&t, path, &e));
	assert_non_null(strstr(e.text, "10.0.0.0/99"));
	assert_false(targets_add_file(&t, "/nonexistent", &e));
	unlink(path);
	targets_free(&run);
}

/* --- expectations --- */

static void test_expect(void **state)
{
	static const struct {
		const char *text, *error;
		size_t count;
	} rows[] = {
		{ "25", NULL, 1 },
		{ "25,587=open,143=closed", NULL, 3 },
		{ "1-10=filtered", NULL, 10 },
		{ "smtp,imaps=OPEN", NULL, 2 },
		{ "", "nothing is expected", 0 },
		{ "25=ajar", "\"ajar\" is no state", 0 },
		{ "25=", "\"\" is no state", 0 },
		{ "25,x=open", "\"x\"", 0 },
		{ "=open", "missing", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct expectations x;
		struct ports p;
		struct err e = { 0 };
		bool ok = verdict_expect_parse(&x, bytes_of(rows[i].text), &e);
		assert_int_equal(ok, rows[i].error == NULL);
		if (rows[i].error && !strstr(e.text, rows[i].error))
			fail_msg("%s: %s", rows[i].text, e.text);
		if (ok) {
			assert_int_equal(x.count, rows[i].count);
			assert_true(verdict_expect_ports(&x, &p, &e));
			assert_int_equal(p.count, rows[i].count);
			ports_free(&p);
		}
		buf_free(&x.list);
	}
}

/* --- a scan, as it would come back --- */

struct scan {
	struct mscan_run run;
	struct mscan_host host;
	struct mscan_port results[4];
	uint32_t by_number[4];
	struct report report;
};

static void scan_begin(struct scan *s, const char *ports)
{
	static char name[] = "mail.example.com";
	struct err e;

	*s = (struct scan){
		.host = { .name = name, .ip = "192.0.2.1", .source = "192.0.2.9", .answered = true }
	};
	s->run = (struct mscan_run){ .w = &world.w,
		.hosts = &s->host,
		.host_count = 1,
		.results = s->results,
		.by_number = s->by_number };
	assert_true(addr_parse(&s->host.addr, "192.0.2.1", 0, &e));
	assert_true(ports_parse(&s->run.ports, bytes_of(ports), &e));
	for (uint32_t i = 0; i < 4; i++)
		s->by_number[i] = i;
	report_init(&s->report, &world.w, "mscan", NULL, &(struct opt_common){ .stable = true });
}

static void scan_expect(struct scan *s, int code, const char *const *texts)
{
	mscan_verdicts(&s->run, &s->report,
			&(struct verdict_options){ .warning = 14, .critical = 3 });
	assert_int_equal(report_finish(&s->report), code);
	for (; *texts; texts++)
		if (!strstr(fake_world_out(&world), *texts))
			fail_msg("no \"%s\" in:\n%s", *texts, fake_world_out(&world));
	fake_world_clear(&world);
	report_free(&s->report);
	ports_free(&s->run.ports);
	for (size_t i = 0; i < 4; i++)
		mscan_answer_free(s->results[i].answer);
}

static void set(struct scan *s, size_t port, enum mscan_state state, enum mscan_reason reason)
{
	s->results[port].state = (unsigned char)state;
	s->results[port].reason = (unsigned char)reason;
	s->results[port].tries = 3;
}

static void test_verdict_dropped(void **state)
{
	struct scan s;

	(void)state;
	scan_begin(&s, "25,587,143,993");
	set(&s, 0, MSCAN_FILTERED, MSCAN_BY_SILENCE);
	set(&s, 1, MSCAN_OPEN, MSCAN_BY_SYN_ACK);
	set(&s, 2, MSCAN_OPEN, MSCAN_BY_SYN_ACK);
	set(&s, 3, MSCAN_CLOSED, MSCAN_BY_RESET);
	scan_expect(&s, REPORT_WARNING,
			(const char *const[]){ "WARNING 25: no reply", "[port-25-dropped]",
					"WARNING 993: closed, while 143 is open",
					"[port-closed-pair]", NULL });
}

static void test_verdict_rejected(void **state)
{
	struct scan s;
	struct err e;

	(void)state;
	scan_begin(&s, "25,587,143,993");
	assert_true(addr_parse(&s.run.senders[0], "192.0.2.254", 0, &e));
	assert_true(addr_parse(&s.run.senders[1], "192.0.2.1", 0, &e));
	assert_true(addr_parse(&s.run.senders[2], "192.0.2.9", 0, &e));
	s.run.sender_count = 3;
	for (size_t i = 0; i < 3; i++) {
		set(&s, i, MSCAN_FILTERED, MSCAN_BY_ICMP);
		s.results[i].icmp_type = 3;
		s.results[i].icmp_code = 13;
		s.results[i].sender = (unsigned char)i;
	}
	set(&s, 3, MSCAN_OPEN, MSCAN_BY_SYN_ACK);
	scan_expect(&s, REPORT_UNKNOWN,
			(const char *const[]){ "rejected by ICMP from 192.0.2.254",
					"[port-rejected-router]", "[port-rejected-host]",
					"[port-rejected-here]", NULL });
}

static void test_verdict_host(void **state)
{
	struct scan s;

	(void)state;
	scan_begin(&s, "25,587,143,993");
	for (size_t i = 0; i < 4; i++)
		set(&s, i, MSCAN_FILTERED, MSCAN_BY_SILENCE);
	scan_expect(&s, REPORT_CRITICAL, (const char *const[]){ "[scan-host-silent]", NULL });
	scan_begin(&s, "25,587,143,993");
	for (size_t i = 0; i < 4; i++)
		set(&s, i, MSCAN_UNREACHABLE, MSCAN_BY_NO_ROUTE);
	scan_expect(&s, REPORT_UNKNOWN, (const char *const[]){ "[scan-no-way]", NULL });
	scan_begin(&s, "25,587,143,993");
	for (size_t i = 0; i < 4; i++)
		set(&s, i, MSCAN_CLOSED, MSCAN_BY_RESET);
	scan_expect(&s, REPORT_CRITICAL, (const char *const[]){ "[scan-no-mail-port]", NULL });
}

/* Two daemons with two certificates of the same names: the older one was not reloaded. */
static void test_verdict_certificates(void **state)
{
	struct scan s;

	(void)state;
	scan_begin(&s, "465,993");
	for (size_t i = 0; i < 2; i++) {
		struct mscan_answer *a = calloc(1, sizeof(*a));
		set(&s, i, MSCAN_OPEN, MSCAN_BY_SYN_ACK);
		a->talk = i ? PORT_TALK_IMAP : PORT_TALK_SMTP;
		a->step = PROBE_DONE;
		a->greeted = true;
		a->tls = calloc(1, sizeof(*a->tls));
		a->tls->handshake_done = true;
		a->tls->chain_count = 1;
		memcpy(a->tls->chain[0].names, "mail.example.com", 17);
		memcpy(a->tls->chain[0].sha256, i ? "old" : "new", 4);
		a->tls->chain[0].not_after = FAKE_WORLD_EPOCH + (i ? -3 : 61) * 86400;
		a->tls->faults = i ? TLS_EXPIRED : 0;
		s.results[i].answer = a;
	}
	scan_expect(&s, REPORT_CRITICAL,
			(const char *const[]){
					"CRITICAL 993: certificate expired 3 days ago; 465 serves a newer one",
					"[cert-renewed-not-loaded]", NULL });
}

/* --- another scan's JSON --- */

static void test_past(void **state)
{
	struct scan s;
	struct past past;
	struct err e = { 0 };
	char path[] = "/tmp/test_mscan.XXXXXX";

	(void)state;
	scan_begin(&s, "25,587,143,993");
	set(&s, 0, MSCAN_FILTERED, MSCAN_BY_ICMP);
	assert_true(addr_parse(&s.run.senders[0], "192.0.2.254", 0, &e));
	s.run.sender_count = 1;
	set(&s, 1, MSCAN_OPEN, MSCAN_BY_SYN_ACK);
	mscan_json(&s.run, 0, false);
	close(mkstemp(path));
	assert_true(file_write(path, bytes_of(fake_world_out(&world)), true, &e));
	assert_true(past_read(&past, path, &e));
	assert_int_equal(past.count, 4);
	assert_int_equal(past_find(&past, "192.0.2.1", 587)->state, MSCAN_OPEN);
	assert_int_equal(past_find(&past, "192.0.2.1", 25)->state, MSCAN_FILTERED);
	assert_true(past_find(&past, "192.0.2.1", 25)->by_icmp);
	assert_string_equal(past_find(&past, "192.0.2.1", 25)->icmp_from, "192.0.2.254");
	assert_null(past_find(&past, "192.0.2.2", 25));
	assert_null(past_find(&past, "192.0.2.1", 26));
	past_free(&past);
	assert_true(file_write(path, BYTES("{\"type\":\"port\",\"port\":25}\n{\"type\":"), true,
			&e));
	assert_false(past_read(&past, path, &e));
	past_free(&past);
	assert_true(file_write(path, BYTES("hello\n"), true, &e));
	assert_false(past_read(&past, path, &e));
	assert_non_null(strstr(e.text, "not what mscan --json writes"));
	past_free(&past);
	unlink(path);
	fake_world_clear(&world);
	report_free(&s.report);
	ports_free(&s.run.ports);
}

/* --- firewall rules --- */

static void test_rules(void **state)
{
	static const struct {
		const char *rules;
		unsigned port;
		enum local_rule rule;
	} rows[] = {
		{ "", 25, LOCAL_RULE_NONE },
		{ "table inet filter {\n chain input { type filter hook input priority 0; policy accept; }\n}\n",
				25, LOCAL_RULE_NONE },
		{ "\t\ttcp dport 25 drop\n", 25, LOCAL_RULE_DROP },
		{ "\t\ttcp dport { 25, 587 } reject\n", 587, LOCAL_RULE_DROP },
		{ "\t\ttcp dport { 25, 587 } accept\n\t\tdrop\n", 25, LOCAL_RULE_ACCEPT },
		{ "\t\ttcp dport 2525 accept\n\t\tdrop\n", 25, LOCAL_RULE_OTHER },
		{ "\t\ttcp dport smtp drop\n", 25, LOCAL_RULE_DROP },
		{ "-A INPUT -p tcp -m tcp --dport 25 -j DROP\n", 25, LOCAL_RULE_DROP },
		{ "-A INPUT -p tcp -m multiport --dports 25,587 -j ACCEPT\n:INPUT DROP [0:0]\n",
				587, LOCAL_RULE_ACCEPT },
		{ ":INPUT DROP [0:0]\n", 25, LOCAL_RULE_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct local l = { .knows_firewall = true, .rules = BUF(10000) };
		struct bytes line;
		buf_puts(&l.rules, rows[i].rules);
		if (local_rule_of(&l, rows[i].port, &line) != rows[i].rule)
			fail_msg("%s: %d", rows[i].rules, local_rule_of(&l, rows[i].port, &line));
		buf_free(&l.rules);
	}
	struct bytes line;
	assert_int_equal(local_rule_of(&(struct local){ 0 }, 25, &line), LOCAL_RULE_UNKNOWN);
}

static void test_listeners(void **state)
{
	struct local_listener rows[] = {
		{ { false, { 127, 0, 0, 1 }, 25, PROCNET_LISTEN, 0, 1 }, "master" },
		{ { false, { 0 }, 587, PROCNET_LISTEN, 0, 2 }, "" },
		{ { true, { 0 }, 993, PROCNET_LISTEN, 0, 3 }, "dovecot" },
		{ { true, { [15] = 1 }, 143, PROCNET_LISTEN, 0, 4 }, "" },
	};
	struct local l = { .at = rows, .count = COUNT(rows) };
	static const struct {
		unsigned port;
		bool any, others, v4, v6;
		const char *addresses;
	} want[] = {
		{ 25, true, false, false, false, "127.0.0.1" },
		{ 587, true, true, true, false, "0.0.0.0" },
		{ 993, true, true, true, true, "[::]" },
		{ 143, true, false, false, false, "[::1]" },
		{ 110, false, false, false, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		struct local_port p;
		local_look(&l, want[i].port, &p);
		assert_int_equal(p.any, want[i].any);
		assert_int_equal(p.others, want[i].others);
		assert_int_equal(p.v4, want[i].v4);
		assert_int_equal(p.v6, want[i].v6);
		assert_string_equal(buf_text(&p.addresses), want[i].addresses);
		buf_free(&p.addresses);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_target_file),
		cmocka_unit_test(test_expect),
		cmocka_unit_test(test_verdict_dropped),
		cmocka_unit_test(test_verdict_rejected),
		cmocka_unit_test(test_verdict_host),
		cmocka_unit_test(test_verdict_certificates),
		cmocka_unit_test(test_past),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_listeners),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
