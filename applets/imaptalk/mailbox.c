/* mailbox - imaptalk's transactions: LIST, STATUS, EXAMINE, FETCH, SEARCH
 * SPDX-License-Identifier: MIT */
#include "applets/imaptalk/imaptalk.h"

#include "proto/mailtext.h"

#include <stdio.h>
#include <string.h>

enum {
	FOUND_MAX = KEEP_KNOWN_MAX, /* of a SEARCH answer, message numbers that are kept */
};

bool imaptalk_part(void *ctx, struct bytes part)
{
	struct imaptalk *im = ctx;

	return !im->on_part || im->on_part(im, part);
}

/* "* OK [UIDVALIDITY 123] ..." is a status response. */
static void read_status(struct imaptalk *im, struct bytes text)
{
	size_t at = bytes_search_nocase(text, BYTES("[UIDVALIDITY "));
	struct bytes number = bytes_skip(text, at + sizeof("[UIDVALIDITY ") - 1);

	if (at < text.n)
		bytes_uint(&number, UINT32_MAX, &im->uidvalidity);
}

bool imaptalk_fetched(struct imaptalk *im, const struct imap_untagged *u, struct imap_fetch *f)
{
	struct buf text = BUF(IMAP_TEXT_MAX);

	*f = (struct imap_fetch){ 0 };
	if (!bytes_equal_nocase(u->word, BYTES("FETCH")) || !imap_fetch(u->rest, f) ||
			!f->body.text.p)
		return false;
	imap_string(&f->body, &text);
	imaptalk_part(im, buf_bytes(&text));
	buf_free(&text);
	return true;
}

void imaptalk_take(struct imaptalk *im, void *ctx,
		bool (*on_part)(struct imaptalk *im, struct bytes part))
{
	im->ctx = ctx;
	im->on_part = on_part;
}

void imaptalk_response(void *ctx, struct bytes text)
{
	struct imaptalk *im = ctx;
	struct imap_untagged u;

	if (!imap_untagged(text, &u)) {
		read_status(im, text);
	} else if (bytes_equal_nocase(u.word, BYTES("EXISTS"))) {
		im->exists = u.number;
		im->has_news = true;
	} else if (bytes_equal_nocase(u.word, BYTES("EXPUNGE"))) {
		im->exists -= im->exists > 0;
		im->expunged++;
		im->wait.count -= u.number <= im->wait.count && im->wait.count > 0;
	} else if (im->on_untagged) {
		im->on_untagged(im, &u);
	}
}

bool imaptalk_ask(struct imaptalk *im, const char *command, struct bytes literal)
{
	struct talk *t = &im->talk;
	bool ok = dialog_ask(&t->d, command);

	if (ok && dialog_is_continue(&t->d))
		ok = dialog_command(&t->d, literal, literal, DIALOG_REPLY_MS);
	if (!ok)
		return talk_failed(t, t->stage);
	return dialog_is_ok(&t->d) ||
			(im->is_dumping ? mailbox_dump_refused(&im->dump, t) :
					  talk_refused(t, t->stage, NULL));
}

/* One whose answer goes to these two. */
static bool ask_for(struct imaptalk *im, const char *command,
		void (*on_untagged)(struct imaptalk *im, const struct imap_untagged *u), void *ctx)
{
	im->on_untagged = on_untagged;
	im->ctx = ctx;
	bool ok = imaptalk_ask(im, command, im->literal);
	im->on_untagged = NULL;
	im->on_part = NULL;
	im->literal = BYTES("");
	return ok;
}

bool imaptalk_ask_quietly(struct imaptalk *im, const char *command,
		void (*on_untagged)(struct imaptalk *im, const struct imap_untagged *u), void *ctx)
{
	struct dialog *d = &im->talk.d;
	const struct dialog_observer *ob = d->ob;
	struct dialog_observer quiet = { 0 };

	if (ob)
		quiet = *ob;
	quiet.replied = NULL;
	if (im->talk.common->verbose == 0)
		d->ob = &quiet;
	bool ok = ask_for(im, command, on_untagged, ctx);
	d->ob = ob;
	return ok;
}

/* ---- --folders ---- */

static void on_folder(struct imaptalk *im, const struct imap_untagged *u)
{
	struct imap_folder f;
	struct buf name = BUF(4 * IMAP_NAME_MAX), raw = BUF(2 * IMAP_NAME_MAX);
	unsigned char delimiter[1];

	if (!bytes_equal_nocase(u->word, BYTES("LIST")) || !imap_list(u->rest, &f))
		return;
	imap_string(&f.name, &raw);
	imap_utf7_decode(buf_bytes(&raw), &name);
	delimiter[0] = f.delimiter;
	const struct bytes cells[] = { buf_bytes(&name), { delimiter, f.delimiter ? 1 : 0 },
		f.flags };
	if (im->talk.common->json) {
		struct buf line = BUF(64 * 1024);
		struct json j;
		json_begin(&j, &line);
		json_str(&j, "type", "folder");
		json_text(&j, "name", cells[0]);
		json_text(&j, "flags", cells[2]);
		json_end(&j);
		out_put(&im->talk.w->out, buf_bytes(&line));
		buf_free(&line);
	} else {
		table_row(im->ctx, cells, im->talk.w->utf8);
	}
	buf_free(&name);
	buf_free(&raw);
}

bool imaptalk_folders(struct imaptalk *im)
{
	static const struct table_column columns[] = {
		{ "folder", false, true, 16 },
		{ "sep", false, false, 0 },
		{ "flags", false, true, 16 },
	};
	struct talk *t = &im->talk;
	struct table table;

	if (im->caps.has & IMAP_NAMESPACE && !imaptalk_ask(im, "NAMESPACE", BYTES("")))
		return false;
	table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
	bool ok = imaptalk_ask_quietly(im, "LIST \"\" \"*\"", on_folder, &table);
	if (ok && !t->common->json && !t->common->nagios)
		table_print(&table, t->w);
	table_free(&table);
	return ok;
}

/* ---- --stat ---- */

static void on_status(struct imaptalk *im, const struct imap_untagged *u)
{
	uint64_t number, limit;

	if (bytes_equal_nocase(u->word, BYTES("STATUS"))) {
		imap_status(u->rest, "MESSAGES", &im->exists);
		imap_status(u->rest, "UIDVALIDITY", &im->uidvalidity);
		if (imap_status(u->rest, "UNSEEN", &number))
			report_perf(&im->talk.report, "unseen", (double)number, "");
	}
	if (bytes_equal_nocase(u->word, BYTES("QUOTA")) &&
			imap_quota(u->rest, "STORAGE", &number, &limit)) {
		char note[80];
		snprintf(note, sizeof(note), "quota: %llu of %llu KiB used",
				(unsigned long long)number, (unsigned long long)limit);
		transcript_note(&im->talk.transcript, note);
		report_perf(&im->talk.report, "quota_used", (double)number * 1024, "B");
	}
}

bool imaptalk_stat(struct imaptalk *im)
{
	struct buf command = BUF(8 * IMAP_NAME_MAX);

	buf_printf(&command, "STATUS %s (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)",
			buf_text(&im->folder));
	bool ok = ask_for(im, buf_text(&command), on_status, NULL);
	if (ok && im->caps.has & IMAP_QUOTA) {
		buf_clear(&command);
		buf_printf(&command, "GETQUOTAROOT %s", buf_text(&im->folder));
		ok = ask_for(im, buf_text(&command), on_status, NULL);
	}
	buf_free(&command);
	return ok;
}

bool imaptalk_open(struct imaptalk *im)
{
	struct buf command = BUF(8 * IMAP_NAME_MAX);

	if (im->is_open)
		return true;
	buf_printf(&command, "%s %s", im->o.delete.count > 0 ? "SELECT" : "EXAMINE",
			buf_text(&im->folder));
	im->is_open = imaptalk_ask(im, buf_text(&command), BYTES(""));
	buf_free(&command);
	return im->is_open;
}

/* ---- --list, --find ---- */

struct listing {
	struct table table;
	struct buf head; /* of the message that comes in */
};

static bool on_head(struct imaptalk *im, struct bytes part)
{
	struct listing *l = im->ctx;

	buf_put(&l->head, part); /* what passes the maximum is not looked at */
	return true;
}

static void on_row(struct imaptalk *im, const struct imap_untagged *u)
{
	struct listing *l = im->ctx;
	struct imap_fetch f;
	struct mailview_row row = { .number = u->number };

	if (imaptalk_fetched(im, u, &f)) {
		row.size = f.size;
		mailview_row_read(&row, buf_bytes(&l->head));
		if (im->talk.common->json)
			mailview_row_json(im->talk.w, &row);
		else
			mailview_row_add(&l->table, &row, im->talk.w->utf8);
		mailview_row_free(&row);
	}
	buf_clear(&l->head);
}

/* Rows of the messages in set, which is what FETCH wants: "3,5" or "10:*". */
static bool fetch_rows(struct imaptalk *im, const char *set, uint64_t older)
{
	struct talk *t = &im->talk;
	struct listing l = { .head = BUF(MAILTEXT_HEADER_MAX) };
	struct buf command = BUF(REPLY_LINE_MAX);

	mailview_table_init(&l.table);
	buf_printf(&command,
			"FETCH %s (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])",
			set);
	im->on_part = on_head;
	bool ok = imaptalk_ask_quietly(im, buf_text(&command), on_row, &l);
	if (ok)
		mailview_table_print(&l.table, t->w, t->common, older);
	table_free(&l.table);
	buf_free(&l.head);
	buf_free(&command);
	return ok;
}

bool imaptalk_list(struct imaptalk *im)
{
	uint64_t first = im->exists > im->o.max ? im->exists - im->o.max + 1 : 1;
	char set[40];

	if (im->exists == 0)
		return true;
	snprintf(set, sizeof(set), "%llu:*", (unsigned long long)first);
	return fetch_rows(im, set, first - 1);
}

struct found {
	struct buf numbers; /* uint32_t each */
	uint64_t count;
};
#define FOUND ((struct found){ .numbers = BUF(FOUND_MAX * sizeof(uint32_t)) })

static void on_search(struct imaptalk *im, const struct imap_untagged *u)
{
	struct found *found = im->ctx;
	struct bytes rest = u->rest;
	struct imap_item item;
	uint64_t number;

	if (!bytes_equal_nocase(u->word, BYTES("SEARCH")))
		return;
	while (imap_next(&rest, &item)) {
		if (!bytes_is_uint(item.text, UINT32_MAX, &number))
			continue;
		uint32_t kept = (uint32_t)number;
		found->count++;
		buf_put(&found->numbers,
				(struct bytes){ (const unsigned char *)&kept, sizeof(kept) });
	}
}

static size_t found_kept(const struct found *found)
{
	return found->numbers.n / sizeof(uint32_t);
}

static uint32_t found_at(const struct found *found, size_t i)
{
	return ((const uint32_t *)(const void *)found->numbers.p)[i];
}

/* "3,17,20": the newest --max of them. */
static bool show_found(struct imaptalk *im, const struct found *found)
{
	size_t kept = found_kept(found);
	struct buf set = BUF(REPLY_LINE_MAX / 2);

	for (size_t i = kept > im->o.max ? kept - im->o.max : 0; i < kept; i++)
		buf_printf(&set, "%s%u", set.n > 0 ? "," : "", (unsigned)found_at(found, i));
	bool ok = kept == 0 || fetch_rows(im, buf_text(&set), 0);
	buf_free(&set);
	return ok;
}

bool imaptalk_find(struct imaptalk *im, bool *is_found)
{
	struct found found = FOUND;
	struct bytes text = bytes_of(im->o.find);
	struct buf command = BUF(REPLY_LINE_MAX);

	buf_puts(&command, "SEARCH TEXT ");
	if (!imap_quote(text, &command)) {
		buf_clear(&command);
		buf_printf(&command, "SEARCH CHARSET UTF-8 TEXT {%zu}", text.n);
		im->literal = text;
	}
	bool ok = imaptalk_ask_quietly(im, buf_text(&command), on_search, &found) &&
			show_found(im, &found);
	*is_found = found.count > 0;
	buf_free(&command);
	buf_free(&found.numbers);
	return ok;
}

/* ---- --read, --headers ---- */

struct reading {
	struct mailview view;
	uint64_t number, octets, listed;
	bool came;
};

static bool on_message_part(struct imaptalk *im, struct bytes part)
{
	struct reading *r = im->ctx;

	r->octets += part.n;
	return mailview_lines_take(&r->view.lines, part);
}

static void on_message(struct imaptalk *im, const struct imap_untagged *u)
{
	struct reading *r = im->ctx;
	struct imap_fetch f;

	if (!imaptalk_fetched(im, u, &f))
		return;
	r->came = true;
	r->listed = f.size;
	r->number = u->number;
}

bool imaptalk_number_of(struct imaptalk *im, const char *which, uint64_t *number, bool *is_uid)
{
	struct bytes text = bytes_of(which);

	*is_uid = bytes_starts_nocase(text, BYTES("uid:"));
	if (strcmp(which, "last") == 0)
		*number = im->exists;
	else if (!bytes_is_uint(bytes_skip(text, *is_uid ? 4 : 0), UINT32_MAX, number))
		*number = 0;
	return (*number > 0 && (*is_uid || *number <= im->exists)) ||
			mailbox_lacks(&im->talk, which, im->exists);
}

static bool size_agrees(struct imaptalk *im, const struct reading *r)
{
	char fact[160];

	if (r->octets == r->listed)
		return true;
	snprintf(fact, sizeof(fact), "RFC822.SIZE says %llu octets, %llu came",
			(unsigned long long)r->listed, (unsigned long long)r->octets);
	im->talk.stage = "fetch";
	talk_own(&im->talk, REPORT_WARNING, "size-differs", fact);
	return true;
}

bool imaptalk_read(struct imaptalk *im, const char *which, bool headers_only)
{
	struct reading r = { 0 };
	struct buf command = BUF(200);
	uint64_t number;
	bool is_uid;

	if (!imaptalk_number_of(im, which, &number, &is_uid))
		return false;
	buf_printf(&command, "%sFETCH %llu ", is_uid ? "UID " : "", (unsigned long long)number);
	buf_puts(&command,
			headers_only ? "(UID RFC822.SIZE BODY.PEEK[HEADER])" :
				       "(UID RFC822.SIZE BODY.PEEK[])");
	mailview_begin(&r.view, im->talk.w, im->talk.common, im->o.source);
	im->on_part = on_message_part;
	bool ok = imaptalk_ask_quietly(im, buf_text(&command), on_message, &r);
	mailview_end(&r.view);
	if (ok && !r.came)
		ok = mailbox_lacks(&im->talk, which, im->exists);
	if (ok && im->talk.common->json)
		mailview_json(&r.view, r.number, r.octets);
	if (ok && !headers_only)
		ok = size_agrees(im, &r);
	mailview_free(&r.view);
	buf_free(&command);
	return ok;
}

/* ---- --warning, --critical ---- */

static void on_date(struct imaptalk *im, const struct imap_untagged *u)
{
	struct imap_fetch f = { 0 };
	int64_t seconds;

	if (bytes_equal_nocase(u->word, BYTES("FETCH")) && imap_fetch(u->rest, &f) &&
			imap_date(f.date, &seconds))
		mailbox_add_time(&im->figures, seconds);
}

/* Of all: one that was moved here keeps its date, and is not in its place. */
bool imaptalk_ages(struct imaptalk *im)
{
	return im->exists == 0 ||
			imaptalk_ask_quietly(im, "FETCH 1:* (UID INTERNALDATE)", on_date, NULL);
}

/* ---- --dump ---- */

static bool on_dump_part(struct imaptalk *im, struct bytes part)
{
	return mailbox_dump_part(&im->dump, part);
}

static void on_dumped(struct imaptalk *im, const struct imap_untagged *u)
{
	bool *came = im->ctx;
	struct imap_fetch f;

	*came = *came || imaptalk_fetched(im, u, &f);
}

/* A message that vanished meanwhile is passed over. */
static bool dump_one(struct imaptalk *im, uint64_t uid)
{
	struct mailbox_dump *dump = &im->dump;
	char name[60], command[80];
	bool came = false;

	snprintf(name, sizeof(name), "V%lluU%llu", (unsigned long long)im->uidvalidity,
			(unsigned long long)uid);
	if (!mailbox_dump_begin(dump, buf_bytes(&im->folder), bytes_of(name)))
		return dump->keep.err.kind == ERR_NONE || mailbox_dump_failed(dump);
	snprintf(command, sizeof(command), "UID FETCH %llu (UID BODY.PEEK[])",
			(unsigned long long)uid);
	im->on_part = on_dump_part;
	bool ok = imaptalk_ask_quietly(im, command, on_dumped, &came);
	if (dump->keep.err.kind != ERR_NONE)
		return mailbox_dump_failed(dump);
	if (!ok || !dialog_is_ok(&im->talk.d))
		return ok;
	dump->refused_row = 0;
	return !came || mailbox_dump_end(dump);
}

/* Dovecot 2.3 says BYE at a message it cannot read: the others are to be had in another session. */
static bool comes_again(struct imaptalk *im, uint64_t uid)
{
	struct talk *t = &im->talk;
	char note[120];

	if (!t->d.is_over || t->d.reply.status != REPLY_BYE ||
			im->dump.refused_row >= MAILBOX_REFUSED_MAX)
		return false;
	im->dump_from = uid;
	im->is_again = true;
	snprintf(note, sizeof(note), "the session ended at message uid:%llu: the rest by another",
			(unsigned long long)uid);
	transcript_note(&t->transcript, note);
	return true;
}

static bool dump_each(struct imaptalk *im, const struct found *found)
{
	struct talk *t = &im->talk;
	const struct dialog_observer *ob = t->d.ob;
	size_t count = found_kept(found);
	bool ok = true;

	if (t->common->verbose == 0)
		t->d.ob = NULL; /* one line a message would be too many */
	im->is_dumping = true;
	for (size_t i = 0; ok && i < count; i++) {
		uint64_t uid = found_at(found, i);
		ok = uid <= im->dump_from || dump_one(im, uid);
		if (!ok && comes_again(im, uid))
			break;
	}
	im->is_dumping = false;
	t->d.ob = ob;
	return ok;
}

/* What speaks against a copy that later runs go on with; NULL: nothing. */
static const char *why_not(struct imaptalk *im, const struct found *found)
{
	if (im->uidvalidity == 0)
		return "the server gives no UIDVALIDITY: messages cannot be told apart";
	if (found->count > FOUND_MAX)
		return "over 1000000 messages: too many for --dump";
	if (mailbox_dump_renumbered(&im->dump, buf_bytes(&im->folder), im->uidvalidity))
		return "the server has numbered the folder anew (UIDVALIDITY) "
		       "since the first copy: give another name";
	return NULL;
}

/* Seen: a server whose long answers are cut. */
static void look_at_count(struct imaptalk *im, uint64_t exists, uint64_t found)
{
	char fact[120];

	snprintf(fact, sizeof(fact), "EXISTS says %llu messages, SEARCH named %llu",
			(unsigned long long)exists, (unsigned long long)found);
	im->talk.stage = "fetch";
	if (found < exists)
		talk_own(&im->talk, REPORT_WARNING, "list-differs", fact);
}

static bool dump_found(struct imaptalk *im, const struct found *found, uint64_t exists)
{
	const char *why = why_not(im, found);

	if (why) {
		err_set(&im->dump.keep.err, ERR_LOCAL, "%s", why);
		return mailbox_dump_failed(&im->dump);
	}
	if (im->dump_from == 0) {
		im->dump.total = found->count;
		look_at_count(im, im->exists < exists ? im->exists : exists, found->count);
	}
	return dump_each(im, found);
}

bool imaptalk_dump(struct imaptalk *im)
{
	struct found found = FOUND;
	uint64_t exists = im->exists;

	bool ok = (im->dump_from > 0 || mailbox_dump_open(&im->dump, &im->talk, im->o.dump)) &&
			imaptalk_ask_quietly(im, "UID SEARCH ALL", on_search, &found) &&
			dump_found(im, &found, exists);
	if (!im->is_again)
		ok = mailbox_dump_close(&im->dump, ok);
	buf_free(&found.numbers);
	return ok;
}
