/* delete - imaptalk's --delete: single messages, for good
 * SPDX-License-Identifier: MIT */
#include "applets/imaptalk/imaptalk.h"

#include <stdio.h>

enum { SET_MAX = 4096 };

/* UIDs, in the order they were named. */
struct chosen {
	struct buf set; /* "7,9" */
	uint64_t count;
	uint64_t number; /* of the one that is asked about; a FETCH may come unasked, too */
	bool is_uid;
	bool others; /* SEARCH found some */
};

static void on_uid(struct imaptalk *im, const struct imap_untagged *u)
{
	struct imap_fetch f = { 0 };
	struct chosen *c = im->ctx;

	if (!bytes_equal_nocase(u->word, BYTES("FETCH")) || !imap_fetch(u->rest, &f) ||
			f.uid == 0 || (c->is_uid ? f.uid : u->number) != c->number)
		return;
	buf_printf(&c->set, "%s%llu", c->count > 0 ? "," : "", (unsigned long long)f.uid);
	c->count++;
}

static void on_marked(struct imaptalk *im, const struct imap_untagged *u)
{
	struct chosen *c = im->ctx;
	struct imap_item item;
	struct bytes rest = u->rest;

	if (bytes_equal_nocase(u->word, BYTES("SEARCH")) && imap_next(&rest, &item))
		c->others = true;
}

static bool choose(struct imaptalk *im, const char *which, struct chosen *c)
{
	char command[80];
	uint64_t had = c->count;

	if (!imaptalk_number_of(im, which, &c->number, &c->is_uid))
		return false;
	snprintf(command, sizeof(command), "%sFETCH %llu (UID)", c->is_uid ? "UID " : "",
			(unsigned long long)c->number);
	return imaptalk_ask_quietly(im, command, on_uid, c) &&
			(c->count > had || mailbox_lacks(&im->talk, which, im->exists));
}

static bool refuse(struct imaptalk *im, const char *error, const char *fact)
{
	im->talk.stage = "fetch";
	return talk_own(&im->talk, REPORT_CRITICAL, error, fact);
}

/* Without UIDPLUS (RFC 4315) EXPUNGE takes all that are marked, by whomever. */
static bool takes_no_others(struct imaptalk *im, struct chosen *c)
{
	if (c->set.overflow)
		return refuse(im, "too-many", "too many messages at once: nothing was deleted");
	if (im->expunged > 0)
		return refuse(im, "folder-changed",
				"messages went from the folder meanwhile, and the numbers of others with"
				" them: nothing was deleted");
	if (im->caps.has & IMAP_UIDPLUS)
		return true;
	if (!imaptalk_ask_quietly(im, "UID SEARCH DELETED", on_marked, c))
		return false;
	return !c->others ||
			refuse(im, "marked-others",
					"other messages are marked as deleted and would go, too: nothing"
					" was deleted");
}

static bool ask_with(struct imaptalk *im, const char *before, struct chosen *c, const char *after)
{
	struct buf command = BUF(SET_MAX + 100);

	buf_printf(&command, "%s%s%s", before, buf_text(&c->set), after);
	bool ok = imaptalk_ask(im, buf_text(&command), BYTES(""));
	buf_free(&command);
	return ok;
}

static bool expunge(struct imaptalk *im, struct chosen *c)
{
	uint64_t had = im->expunged;
	char fact[120];

	if (!ask_with(im, "UID STORE ", c, " +FLAGS.SILENT (\\Deleted)"))
		return false;
	bool ok = im->caps.has & IMAP_UIDPLUS ? ask_with(im, "UID EXPUNGE ", c, "") :
						imaptalk_ask(im, "EXPUNGE", BYTES(""));
	im->deleted = im->expunged - had;
	if (!ok && !im->talk.d.is_over &&
			ask_with(im, "UID STORE ", c, " -FLAGS.SILENT (\\Deleted)"))
		transcript_note(&im->talk.transcript, "the marks are taken back");
	snprintf(fact, sizeof(fact), "%llu of %llu messages went", (unsigned long long)im->deleted,
			(unsigned long long)c->count);
	im->talk.stage = "fetch";
	return ok &&
			(im->deleted >= c->count ||
					talk_own(&im->talk, REPORT_WARNING, "delete-unsure", fact));
}

bool imaptalk_delete(struct imaptalk *im)
{
	const struct opt_list *which = &im->o.delete;
	struct chosen c = { .set = BUF(SET_MAX) };
	bool ok = true;

	for (size_t i = 0; ok && i < which->count; i++)
		ok = choose(im, which->at[i], &c);
	if (ok && mailbox_confirms_delete(&im->talk, &im->o))
		ok = takes_no_others(im, &c) && expunge(im, &c);
	buf_free(&c.set);
	return ok;
}
