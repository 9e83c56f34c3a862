/* wait - imaptalk's --wait: IDLE, or NOOP where that is not offered
 * SPDX-License-Identifier: MIT */
#include "applets/imaptalk/imaptalk.h"

enum {
	/* RFC 2177 asks for less than 29 minutes. Some servers tell nothing before DONE: cyrus 3.6
	 * without its idled, courier without gamin. */
	IDLE_MS = 30 * 1000,
};

/* False: told. A refusal of what was offered is none: then it is NOOP. */
static bool begin_idle(struct imaptalk *im)
{
	struct talk *t = &im->talk;

	if (!dialog_ask(&t->d, "IDLE"))
		return talk_failed(t, t->stage);
	if (!dialog_is_continue(&t->d))
		im->caps.has &= ~(unsigned)IMAP_IDLE;
	return !t->d.is_over || talk_refused(t, t->stage, NULL);
}

static void ask_silently(struct talk *t, const char *note)
{
	transcript_note(&t->transcript, note);
	t->transcript.off = true;
}

/* Until the server says something. What it is comes with the answer to DONE or NOOP. */
static bool await(struct imaptalk *im)
{
	struct talk *t = &im->talk;
	uint64_t ms = IDLE_MS, left = mailbox_wait_left(&im->wait, t);

	if (im->wait.rounds++ > 0 && im->caps.has & IMAP_IDLE)
		ask_silently(t, "nothing yet: begins IDLE anew every 30 s");
	if (im->caps.has & IMAP_IDLE && !begin_idle(im))
		return false;
	if (!(im->caps.has & IMAP_IDLE)) {
		ms = MAILBOX_POLL_MS;
		ask_silently(t, "nothing yet: asks by NOOP every 5 s");
	}
	const struct dialog_observer *ob = t->d.ob;
	t->d.ob = NULL; /* this silence is no news */
	bool ok = dialog_wait(&t->d, left < ms ? left : ms) || t->d.err.kind == ERR_TIMEOUT;
	t->d.ob = ob;
	if (!ok)
		return talk_failed(t, t->stage);
	if (!(im->caps.has & IMAP_IDLE))
		return imaptalk_ask(im, "NOOP", BYTES(""));
	if (!dialog_command(&t->d, BYTES("DONE"), BYTES("DONE"), DIALOG_REPLY_MS))
		return talk_failed(t, t->stage);
	return dialog_is_ok(&t->d) || talk_refused(t, t->stage, NULL);
}

bool imaptalk_wait(struct imaptalk *im)
{
	struct talk *t = &im->talk;
	bool found = false;

	mailbox_wait_begin(&im->wait, t, &im->o, im->exists);
	im->has_news = true;
	for (;;) {
		if (im->o.find && im->has_news && !imaptalk_find(im, &found))
			return false;
		if (found || (!im->o.find && im->exists > im->wait.count)) {
			mailbox_wait_end(t);
			return true;
		}
		im->has_news = false;
		if (mailbox_wait_left(&im->wait, t) == 0)
			return mailbox_not_found(t, &im->o);
		if (!await(im))
			return false;
	}
}
