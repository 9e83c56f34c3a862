/* check - imaptalk's --check: all messages are read and looked at
 * SPDX-License-Identifier: MIT */
#include "applets/imaptalk/imaptalk.h"

#include <stdio.h>

enum odd { ODD_SIZE, ODD_LF, ODD_UID, ODDS };

struct looking {
	uint64_t octets, bare_lf; /* of the message that comes in */
	bool has_cr;              /* it ended in one so far */
	uint64_t count, uid, uids;
	unsigned odd[ODDS];
};

static void warn(struct imaptalk *im, const char *error, const char *fact)
{
	im->check.is_odd = true;
	im->talk.stage = "fetch";
	talk_own(&im->talk, REPORT_WARNING, error, fact);
}

/* The first of each kind; how many there were is told at the end. */
static void tell_odd(struct imaptalk *im, enum odd odd, uint64_t number, const char *what)
{
	static const char *const errors[] = { "size-differs", "bare-lf", "uid-order" };
	struct looking *l = im->ctx;
	char fact[200];

	snprintf(fact, sizeof(fact), "message %llu: %s", (unsigned long long)number, what);
	if (l->odd[odd]++ == 0)
		warn(im, errors[odd], fact);
}

static bool on_part(struct imaptalk *im, struct bytes part)
{
	struct looking *l = im->ctx;

	l->octets += part.n;
	while (part.n > 0) {
		size_t n = bytes_find(part, '\n');
		if (n > 0)
			l->has_cr = part.p[n - 1] == '\r';
		if (n < part.n) {
			l->bare_lf += !l->has_cr;
			l->has_cr = false;
		}
		part = bytes_skip(part, n + 1);
	}
	return true;
}

/* Are all UIDs the same in the next session? */
static void add_uid(struct looking *l, uint64_t uid)
{
	l->uids = bytes_hash(l->uids, (struct bytes){ (const unsigned char *)&uid, sizeof(uid) });
	l->uid = uid;
	l->count++;
}

static void on_uid(struct imaptalk *im, const struct imap_untagged *u)
{
	struct imap_fetch f = { 0 };

	if (bytes_equal_nocase(u->word, BYTES("FETCH")) && imap_fetch(u->rest, &f) && f.uid > 0)
		add_uid(im->ctx, f.uid);
}

static void on_message(struct imaptalk *im, const struct imap_untagged *u)
{
	struct looking *l = im->ctx;
	struct imap_fetch f;
	char what[120];

	if (!imaptalk_fetched(im, u, &f))
		return;
	snprintf(what, sizeof(what), "RFC822.SIZE says %llu octets, %llu came",
			(unsigned long long)f.size, (unsigned long long)l->octets);
	if (f.size != l->octets)
		tell_odd(im, ODD_SIZE, u->number, what);
	if (l->bare_lf > 0)
		tell_odd(im, ODD_LF, u->number, "it came with bare LF line ends");
	snprintf(what, sizeof(what), "UID %llu behind UID %llu", (unsigned long long)f.uid,
			(unsigned long long)l->uid);
	if (f.uid <= l->uid)
		tell_odd(im, ODD_UID, u->number, what);
	add_uid(l, f.uid);
	l->octets = l->bare_lf = 0;
	l->has_cr = false;
}

static void tell_others(struct imaptalk *im, const struct looking *l)
{
	static const char *const what[ODDS] = { "whose size differs", "whose line ends are bare LF",
		"whose UID is no greater than the one before" };
	char note[120];

	for (size_t i = 0; i < ODDS; i++) {
		snprintf(note, sizeof(note), "%u messages in all %s", l->odd[i], what[i]);
		if (l->odd[i] > 1)
			transcript_note(&im->talk.transcript, note);
	}
}

bool imaptalk_check(struct imaptalk *im)
{
	struct looking l = { 0 };
	uint64_t exists = im->exists;
	char fact[120];

	im->on_part = on_part;
	if (exists > 0 &&
			!imaptalk_ask_quietly(im, "FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])",
					on_message, &l))
		return false;
	tell_others(im, &l);
	snprintf(fact, sizeof(fact), "EXISTS says %llu messages, FETCH gave %llu",
			(unsigned long long)exists, (unsigned long long)l.count);
	if (l.count < exists)
		warn(im, "list-differs", fact);
	im->check.count = l.count;
	im->check.uids = l.uids;
	im->check.uidvalidity = im->uidvalidity;
	im->is_again = l.count > 0;
	return true;
}

/* UIDs stay (RFC 9051 2.3.1.1). What came meanwhile is not looked at. */
bool imaptalk_check_again(struct imaptalk *im)
{
	struct looking l = { 0 };
	char command[80];

	snprintf(command, sizeof(command), "FETCH 1:%llu (UID)",
			(unsigned long long)(im->exists < im->check.count ? im->exists :
									    im->check.count));
	if (im->exists > 0 && !imaptalk_ask_quietly(im, command, on_uid, &l))
		return false;
	if (im->uidvalidity != im->check.uidvalidity || l.uids != im->check.uids)
		warn(im, "uid-unstable",
				im->uidvalidity != im->check.uidvalidity ?
						"a second login gave another UIDVALIDITY" :
						"a second login gave other UIDs");
	return true;
}
