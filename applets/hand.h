/* hand - a conversation typed by hand: local commands, hints
 * SPDX-License-Identifier: MIT */
#pragma once

#include "applets/talk.h"
#include "proto/smtp.h"
#include "ui/lineedit.h"

/* One session by hand or by script. Zero it, set the first part, then let a struct script look
 * through hand_look and tell hand_answered. */
struct hand {
	struct talk *t;
	void (*answered)(void *ctx, struct bytes shown);
	bool (*data)(void *ctx, struct bytes part);
	void *ctx;
	/* hand.c's own */
	struct buf line; /* sent in place of what was typed */
	struct buf held; /* typed in clear at a challenge, not sent yet */
	struct smtp_caps caps;
	bool knows_caps, has_mail, has_rcpt;
	bool is_login; /* AUTH LOGIN was the last AUTH */
	struct lineedit edit;
	struct script_input input;
	enum script_state state; /* what the line being typed is for */
};

/* The line editor as the script's input; NULL where lines come from no terminal, or from one that
 * cannot move its cursor. */
const struct script_input *hand_editor(struct hand *h);

/* script.look: does "/command" lines, hints where a line is certain to be refused (it is sent all
 * the same), and holds back one that was typed in clear where base64 is due. ctx: struct hand. */
enum script_look hand_look(void *ctx, enum script_state state, struct bytes *line);

/* script.answered: keeps up with what was accepted, then tells answered. */
void hand_answered(void *ctx, struct bytes shown);

/* script.data: passed on. */
bool hand_data(void *ctx, struct bytes part);

void hand_free(struct hand *h);
