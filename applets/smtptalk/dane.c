/* dane - smtptalk's check of the certificate against TLSA records
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

#include "sys/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 6698 2.1, RFC 7672 3.1: other usages are none in SMTP. */
enum { USAGE_TA = 2, USAGE_EE = 3, SELECTOR_CERT = 0, SELECTOR_KEY = 1, MATCHING_SHA256 = 1 };

enum match { MATCH_NO, MATCH_YES, MATCH_NOT_TOLD };

static bool is_sha256(const struct dns_tlsa *r, const char *hex)
{
	char text[65];

	for (size_t i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", r->data[i]);
	return memcmp(text, hex, 64) == 0;
}

static enum match match(const struct dns_tlsa *r, const struct tls_facts *tls)
{
	size_t from = r->usage == USAGE_TA ? 1 : 0;
	size_t to = r->usage == USAGE_TA ? tls->chain_count : 1;

	if (r->usage != USAGE_TA && r->usage != USAGE_EE)
		return MATCH_NO;
	if (r->matching != MATCHING_SHA256 || r->data_n != 32 || r->selector > SELECTOR_KEY)
		return MATCH_NOT_TOLD;
	for (size_t i = from; i < to && i < tls->chain_count; i++)
		if (is_sha256(r,
				    r->selector == SELECTOR_KEY ? tls->chain[i].key_sha256 :
								  tls->chain[i].sha256))
			return MATCH_YES;
	return MATCH_NO;
}

/* Who issued what in the chain was checked against the store only, so a match with an authority
 * counts where the chain itself has no fault but an unknown root. */
static bool chain_holds(const struct tls_facts *tls)
{
	return !(tls->faults & TLS_CERT_FAULTS & ~(unsigned)(TLS_UNKNOWN_ROOT | TLS_CLOCK));
}

static enum match judge(const struct dns_answer *answer, const struct tls_facts *tls,
		struct buf *fact)
{
	enum match best = MATCH_NO;

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_tlsa *r = &answer->at[i].tlsa;
		enum match m = match(r, tls);
		if (m == MATCH_YES && (r->usage == USAGE_EE || chain_holds(tls))) {
			buf_printf(fact, "the TLSA record %u %u %u matches the certificate",
					r->usage, r->selector, r->matching);
			return MATCH_YES;
		}
		if (m == MATCH_NOT_TOLD)
			best = MATCH_NOT_TOLD;
	}
	if (best == MATCH_NOT_TOLD)
		buf_printf(fact, "no TLSA record of SHA-256 matches, others are not checked here");
	else
		buf_printf(fact, "none of %zu TLSA records matches the certificate", answer->count);
	return best;
}

static void add(struct smtptalk *s, enum report_status status, const char *error, const char *fact)
{
	s->talk.stage = "cert";
	talk_own(&s->talk, status, error, fact);
}

static bool check(struct smtptalk *s, const struct dns_answer *answer)
{
	struct buf fact = BUF(TALK_NOTE_MAX);
	enum match m = MATCH_NO;

	if (answer->count == 0) {
		add(s, REPORT_WARNING, "dane-none", "no TLSA record: DANE is not in use here");
	} else if (!answer->authentic) {
		buf_printf(&fact,
				"the resolver %s gives TLSA records, but does not say that they"
				" are authentic (AD)",
				s->talk.common->stable ? "asked" : answer->server);
		add(s, REPORT_UNKNOWN, "dane-no-ad", buf_text(&fact));
	} else if (!stream_is_tls(s->talk.d.s)) {
		add(s, REPORT_CRITICAL, "dane-no-tls",
				"TLSA records demand TLS, and there is none");
	} else {
		static const enum report_status statuses[] = { REPORT_CRITICAL, REPORT_OK,
			REPORT_UNKNOWN };
		m = judge(answer, &s->talk.facts.tls, &fact);
		add(s, statuses[m], m == MATCH_NO ? "dane-mismatch" : NULL, buf_text(&fact));
	}
	buf_free(&fact);
	return m == MATCH_YES;
}

bool smtptalk_dane(struct smtptalk *s)
{
	struct talk *t = &s->talk;
	struct dns_options o = { .server = s->talk.common->dns, .deadline_ms = t->d.deadline_ms };
	struct dns_answer *answer = xmalloc(sizeof(*answer));
	char name[ADDR_HOST_MAX + 16];
	struct dns_question q = { .name = name, .type = DNS_TLSA };
	struct err e = { 0 };
	bool matches = false;

	snprintf(name, sizeof(name), "_%u._tcp.%s", t->ep.port, t->ep.host);
	if (t->ep.kind != ADDR_TCP || addr_is_numeric(t->ep.host))
		add(s, REPORT_UNKNOWN, NULL,
				"--dane needs a host name: TLSA records belong to names");
	else if (!dns_query(t->w, &q, &o, answer, &e))
		add(s, REPORT_UNKNOWN, "dns", e.text);
	else
		matches = check(s, answer);
	free(answer);
	/* RFC 7672 3.1: the authorities, and for usage 3 name and dates, have no say then */
	return matches || !stream_is_tls(t->d.s) || talk_certificate(t);
}
