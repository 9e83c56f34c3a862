/* pop3talk - an annotated POP3 conversation: parts shared by its files
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/mailbox.h"
#include "proto/pop3.h"

enum {
	POP3TALK_ALL_MAX = KEEP_KNOWN_MAX, /* messages for --dump and --check */
};

struct pop3talk_options {
	bool uidl, apop, check;
};

/* What can be odd about a message that came. */
enum pop3talk_odd { ODD_SIZE, ODD_DOT, ODD_LF, ODD_CUT, POP3TALK_ODD };

struct pop3talk {
	struct talk talk; /* first: talk's callbacks get this pointer */
	struct mailbox_options o;
	struct pop3talk_options own;
	struct pop3_caps caps;
	struct buf offers;      /* the lines of CAPA */
	struct buf stamp;       /* APOP's, out of the greeting */
	uint64_t count, octets; /* STAT */
	uint64_t deleted;
	bool agrees;                /* no size differed so far */
	unsigned odd[POP3TALK_ODD]; /* messages each fault was seen in; the first is told */
	uint64_t no_end;            /* messages without a last line end */
	struct mailbox_dump dump;
	bool no_uidl;
	bool is_again; /* another session is wanted */
	struct mailbox_wait wait;
	struct mailbox_figures figures;
	uint64_t octets_seen;
	struct {
		uint64_t count, hash; /* of the UIDL lines; 0 lines: not asked for yet */
	} ids;
};

/* The transactions; each tells its own trouble and returns false. */
bool pop3talk_stat(struct pop3talk *p);
bool pop3talk_list(struct pop3talk *p);
bool pop3talk_uidl(struct pop3talk *p);
bool pop3talk_read(struct pop3talk *p, const char *which, bool headers_only);
bool pop3talk_find(struct pop3talk *p, bool *found);
bool pop3talk_fetch_all(struct pop3talk *p); /* --dump, or --check: then into nothing */
bool pop3talk_ages(struct pop3talk *p);      /* when the first and the last message came */
bool pop3talk_check_again(struct pop3talk *p);
bool pop3talk_delete(struct pop3talk *p, const char *which);
