/* login - smtptalk's AUTH: one mechanism, or each that is offered
 * SPDX-License-Identifier: MIT */
#include "applets/smtptalk/smtptalk.h"

static bool auth_missing(struct smtptalk *s)
{
	struct finding f = talk_finding(&s->talk, "auth");
	struct report_verdict v = { .status = REPORT_CRITICAL, .stage = "auth" };

	bool has_mechs = s->caps.mechs || s->caps.other_mechs;
	bool has_starttls = s->caps.has & SMTP_STARTTLS && !stream_is_tls(s->talk.d.s);

	f.error = !has_mechs && has_starttls ? "auth-before-tls" : "auth-missing";
	v.fact = has_mechs ? "none of the offered mechanisms is known to smtptalk" :
			     "AUTH is not offered, so the login could not be tried";
	report_advise(&s->talk.report, &v, &f);
	return false;
}

static bool attempt(struct smtptalk *s)
{
	struct talk *t = &s->talk;

	if (!talk_may_login(t))
		return false;
	t->stage = "auth";
	if (!auth_sasl(&t->d, t->mech, &t->creds))
		return talk_failed(t, "auth");
	return talk_login_verdict(t, sasl_mech_name(t->mech));
}

bool smtptalk_login(struct smtptalk *s)
{
	struct talk *t = &s->talk;

	if (t->o.auth)
		talk_take_mech(t, s->caps.mechs);
	else
		t->mech = auth_pick(s->caps.mechs);
	if (!t->mech)
		return auth_missing(s);
	return attempt(s);
}

void smtptalk_login_done(struct smtptalk *s)
{
	struct buf fact = BUF(TALK_NOTE_MAX);

	buf_puts(&fact, "user \"");
	buf_put(&fact, s->talk.creds.user);
	buf_printf(&fact, "\" logged in (%s)", sasl_mech_name(s->talk.mech));
	talk_ok(&s->talk, "auth", NULL, buf_text(&fact), "that mail is accepted or delivered");
	buf_free(&fact);
}

void smtptalk_login_all(struct smtptalk *s, bool (*reopen)(struct smtptalk *s))
{
	/* none of these is about the password */
	static const unsigned others =
			SASL_ANONYMOUS | SASL_EXTERNAL | SASL_XOAUTH2 | SASL_OAUTHBEARER;
	struct talk *t = &s->talk;
	unsigned mechs = s->caps.mechs & SASL_IMPLEMENTED & ~others;
	bool is_first = true;

	if (!mechs) {
		auth_missing(s);
		return;
	}
	transcript_note(&t->transcript,
			"one attempt with each mechanism: a ban (fail2ban) may follow refusals");
	for (unsigned bit = 1; bit <= mechs; bit <<= 1) {
		if (!(mechs & bit))
			continue;
		/* RFC 4954 4: a session that is logged in takes no second AUTH */
		if (!is_first && !reopen(s))
			return;
		is_first = false;
		t->mech = bit;
		if (attempt(s))
			smtptalk_login_done(s);
	}
}
