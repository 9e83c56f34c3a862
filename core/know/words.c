/* words - short notes on capability keywords and SASL mechanisms
 * SPDX-License-Identifier: MIT
 */
#include "know/words.h"

#include <stdint.h>

/*
 * A row without keyword ends a table. number is the form of the note when the keyword carries a
 * number, for words_put.
 */
enum form { FORM_FIXED, FORM_SIZE, FORM_DAYS, FORM_SECONDS, FORM_MECHS };

struct word {
	const char *keyword, *note;
	enum form form;
};

static const struct word ehlo[] = {
	{ "PIPELINING", "commands may be sent in batches", 0 },     /* RFC 2920 */
	{ "SIZE", "no fixed limit on message size", FORM_SIZE },    /* RFC 1870 */
	{ "ETRN", "a client may ask for its queue to be sent", 0 }, /* RFC 1985 */
	{ "TURN", "roles may be swapped; obsolete and unsafe", 0 },
	{ "ATRN", "roles may be swapped after login", 0 }, /* RFC 2645 */
	{ "VRFY", "mailbox names may be asked for", 0 },
	{ "EXPN", "mailing lists may be expanded", 0 },
	{ "HELP", "has a HELP command", 0 },
	{ "AUTH", "login mechanisms", FORM_MECHS },                        /* RFC 4954 */
	{ "STARTTLS", "TLS can be started here", 0 },                      /* RFC 3207 */
	{ "ENHANCEDSTATUSCODES", "replies carry codes such as 5.7.1", 0 }, /* RFC 2034 */
	{ "8BITMIME", "text may hold bytes above 127", 0 },                /* RFC 6152 */
	{ "DSN", "delivery reports may be asked for", 0 },                 /* RFC 3461 */
	{ "SMTPUTF8", "addresses may hold non-ASCII letters", 0 },         /* RFC 6531 */
	{ "UTF8SMTP", "experimental forerunner of SMTPUTF8", 0 },          /* RFC 5336 */
	{ "CHUNKING", "messages may come in pieces (BDAT)", 0 },           /* RFC 3030 */
	{ "BDAT", "messages may come in pieces", 0 },
	{ "BINARYMIME", "messages may be binary, without lines", 0 },      /* RFC 3030 */
	{ "XCLIENT", "you may pose as another client: trusted", 0 },       /* Postfix */
	{ "XFORWARD", "you may pass on the first client: trusted", 0 },    /* Postfix */
	{ "REQUIRETLS", "TLS may be demanded for the whole way", 0 },      /* RFC 8689 */
	{ "RRVS", "mail may be tied to the mailbox's owner", 0 },          /* RFC 7293 */
	{ "LIMITS", "limits on mails and recipients are told", 0 },        /* RFC 9422 */
	{ "MT-PRIORITY", "messages may carry a priority", 0 },             /* RFC 6710 */
	{ "DELIVERBY", "a latest delivery time may be given", 0 },         /* RFC 2852 */
	{ "FUTURERELEASE", "delivery may be put off to a later time", 0 }, /* RFC 4865 */
	{ "BURL", "text may be fetched from an IMAP server", 0 },          /* RFC 4468 */
	{ "NO-SOLICITING", "advertising is not welcome", 0 },              /* RFC 3865 */
	{ "CHECKPOINT", "a broken transfer may be resumed", 0 },           /* RFC 1845 */
	{ "PIPECONNECT", "batches may begin before the banner", 0 },       /* Exim */
	{ "PIPE_CONNECT", "batches may begin before the banner", 0 },      /* Exim before 4.94 */
	{ "PRDR", "each recipient is answered after the data", 0 },        /* Exim */
	{ "CONNEG", "asks what the recipient can display", 0 },            /* RFC 4141 */
	{ "CONPERM", "content conversion may be allowed", 0 },             /* RFC 4141 */
	{ "SUBMITTER", "the responsible address may be told", 0 },         /* RFC 4405 */
	{ "X-ANONYMOUSTLS", "TLS between Exchange servers", 0 },
	{ "X-EXPS", "login between Exchange servers", 0 },
	{ "X-EXPS=LOGIN", "login between Exchange servers, old form", 0 },
	{ "X-LINK2STATE", "routing data between Exchange servers", 0 },
	{ "XEXCH50", "old data between Exchange servers", 0 },
	{ "X-RCPTLIMIT", "recipients per message are limited", 0 },
	{ "XSHADOW", "shadow copies between Exchange servers", 0 },
	{ "XRDST", "routing data between Exchange servers", 0 },
	{ "XVERP", "return addresses may name the recipient", 0 }, /* Postfix */
	{ "XVRB", "has a VERB command", 0 },                       /* Sendmail */
	{ "VERB", "has a VERB command", 0 },                       /* Sendmail */
	{ "XREMOTEQUEUE", "old name of ETRN", 0 },
	{ "ONEX", "one message a session may be announced", 0 }, /* Sendmail */
	{ NULL, NULL, 0 },
};

static const struct word capa[] = {
	{ "CAPA", "has this very command", 0 },
	{ "TOP", "headers can be read without the body", 0 }, /* RFC 1939 */
	{ "USER", "login by USER and PASS", 0 },
	{ "SASL", "no mechanism for AUTH: TLS first, perhaps", FORM_MECHS },   /* RFC 5034 */
	{ "RESP-CODES", "refusals carry a cause in brackets", 0 },             /* RFC 2449 */
	{ "AUTH-RESP-CODE", "[AUTH] marks wrong credentials", 0 },             /* RFC 3206 */
	{ "LOGIN-DELAY", "logins must not follow too quickly", FORM_SECONDS }, /* RFC 2449 */
	{ "PIPELINING", "commands may be sent in batches", 0 },
	{ "EXPIRE", "messages are kept for good", FORM_DAYS },             /* RFC 2449 */
	{ "EXPIRENEVER", "meant is EXPIRE NEVER: a blank is missing", 0 }, /* mailutils 3.15 */
	{ "UIDL", "messages have names that stay", 0 },
	{ "IMPLEMENTATION", "tells the server's software", 0 },
	{ "STLS", "TLS can be started here", 0 },               /* RFC 2595 */
	{ "LANG", "the language of replies can be chosen", 0 }, /* RFC 6856 */
	{ "UTF8", "headers may be sent as UTF-8", 0 },          /* RFC 6856 */
	{ "APOP", "login by digest of the greeting's stamp", 0 },
	{ "XTND", "old extensions, sending mail among them", 0 },
	{ "XOIP", "a proxy may pass on the client's address", 0 },
	{ "X-MANGLE", "messages may be converted", 0 }, /* qpopper */
	{ NULL, NULL, 0 },
};

static const struct word imap[] = {
	{ "IMAP4REV1", "the usual protocol version", 0 },  /* RFC 3501 */
	{ "IMAP4REV2", "the newest protocol version", 0 }, /* RFC 9051 */
	{ "IMAP4", "the old protocol version", 0 },        /* RFC 1730 */
	{ "STARTTLS", "TLS can be started here", 0 },
	{ "LOGINDISABLED", "no LOGIN before TLS", 0 },                     /* RFC 3501 6.2.3 */
	{ "SASL-IR", "the login may begin with the response", 0 },         /* RFC 4959 */
	{ "IDLE", "new mail is told at once", 0 },                         /* RFC 2177 */
	{ "LITERAL+", "literals without waiting", 0 },                     /* RFC 7888 */
	{ "LITERAL-", "small literals without waiting", 0 },               /* RFC 7888 */
	{ "NAMESPACE", "tells prefixes of folder names", 0 },              /* RFC 2342 */
	{ "UIDPLUS", "copies and appends tell their new names", 0 },       /* RFC 4315 */
	{ "QUOTA", "tells how full the mailbox is", 0 },                   /* RFC 9208 */
	{ "CONDSTORE", "changes can be asked for by number", 0 },          /* RFC 7162 */
	{ "QRESYNC", "folders are brought up to date quickly", 0 },        /* RFC 7162 */
	{ "MOVE", "messages can be moved", 0 },                            /* RFC 6851 */
	{ "SPECIAL-USE", "tells which folder is Sent, Trash ...", 0 },     /* RFC 6154 */
	{ "ID", "software names may be exchanged", 0 },                    /* RFC 2971 */
	{ "ENABLE", "extensions can be switched on", 0 },                  /* RFC 5161 */
	{ "ACL", "folders can be shared", 0 },                             /* RFC 4314 */
	{ "UNSELECT", "a folder can be left without deleting", 0 },        /* RFC 3691 */
	{ "CHILDREN", "tells whether folders have subfolders", 0 },        /* RFC 3348 */
	{ "SORT", "the server can sort", 0 },                              /* RFC 5256 */
	{ "THREAD", "the server can group by thread", 0 },                 /* RFC 5256 */
	{ "ESEARCH", "short search results", 0 },                          /* RFC 4731 */
	{ "SEARCHRES", "search results can be used again", 0 },            /* RFC 5182 */
	{ "WITHIN", "can search by age", 0 },                              /* RFC 5032 */
	{ "MULTIAPPEND", "several messages can be stored at once", 0 },    /* RFC 3502 */
	{ "CATENATE", "messages can be put together from parts", 0 },      /* RFC 4469 */
	{ "BINARY", "parts can be fetched decoded", 0 },                   /* RFC 3516 */
	{ "PREVIEW", "the first words can be fetched", 0 },                /* RFC 8970 */
	{ "SNIPPET", "the first words can be fetched", 0 },                /* before RFC 8970 */
	{ "SEARCH", "the server can search inexactly", 0 },                /* RFC 6203 */
	{ "ESORT", "short sort results", 0 },                              /* RFC 5267 */
	{ "APPENDLIMIT", "largest message that can be stored", 0 },        /* RFC 7889 */
	{ "CREATE-SPECIAL-USE", "new folders may be Sent, Trash ...", 0 }, /* RFC 6154 */
	{ "LIST-METADATA", "folders and their notes in one answer", 0 },   /* RFC 9590 */
	{ "LIST-MYRIGHTS", "folders and one's rights in one answer", 0 },  /* RFC 8440 */
	{ "RIGHTS", "rights that are told apart", 0 },                     /* RFC 4314 */
	{ "ACL2", "folders can be shared", 0 },                            /* courier */
	{ "ANNOTATE-EXPERIMENT-1", "notes on messages can be kept", 0 },   /* RFC 5257 */
	{ "URL-PARTIAL", "URLs may name parts of messages", 0 },           /* RFC 5550 */
	{ "XLIST", "tells which folder is Sent, Trash ...", 0 },           /* before RFC 6154 */
	{ "METADATA", "notes on folders can be kept", 0 },                 /* RFC 5464 */
	{ "NOTIFY", "changes in all folders are told", 0 },                /* RFC 5465 */
	{ "LIST-STATUS", "folders and their counts in one answer", 0 },    /* RFC 5819 */
	{ "LIST-EXTENDED", "folder lists can be narrowed", 0 },            /* RFC 5258 */
	{ "COMPRESS", "the connection can be compressed", 0 },             /* RFC 4978 */
	{ "UTF8", "UTF-8 may be used after ENABLE", 0 },                   /* RFC 6855 */
	{ "OBJECTID", "messages and folders have lasting names", 0 },      /* RFC 8474 */
	{ "I18NLEVEL", "search knows letters beyond ASCII", 0 },           /* RFC 5255 */
	{ "CONTEXT", "search results are kept up to date", 0 },            /* RFC 5267 */
	{ "URLAUTH", "parts can be lent out by URL", 0 },                  /* RFC 4467 */
	{ "LOGIN-REFERRALS", "may send you to another server", 0 },        /* RFC 2221 */
	{ "MAILBOX-REFERRALS", "may send you to another server", 0 },      /* RFC 2193 */
	{ "STATUS", "tells the size of a folder", 0 },                     /* RFC 8438 */
	{ "SAVEDATE", "tells when a message was stored", 0 },              /* RFC 8514 */
	{ "WEBALERT", "alerts may carry a web address", 0 },
	{ "X-GM-EXT-1", "Gmail's labels and threads", 0 },
	{ NULL, NULL, 0 },
};

static const struct word mech[] = {
	{ "PLAIN", "sends the password as is; needs TLS", 0 }, /* RFC 4616 */
	{ "LOGIN", "sends the password as is; needs TLS", 0 },
	{ "CRAM-MD5", "password not sent; weak today", 0 }, /* RFC 2195 */
	{ "CRAM-SHA1", "password not sent; rare", 0 },
	{ "DIGEST-MD5", "password not sent; obsolete", 0 },             /* RFC 6331 */
	{ "APOP", "password not sent; weak today", 0 },                 /* RFC 1939 */
	{ "SCRAM-SHA-1", "password not sent; both sides prove it", 0 }, /* RFC 5802 */
	{ "SCRAM-SHA-1-PLUS", "as SCRAM-SHA-1, bound to the TLS session", 0 },
	{ "SCRAM-SHA-256", "password not sent; both sides prove it", 0 }, /* RFC 7677 */
	{ "SCRAM-SHA-256-PLUS", "as SCRAM-SHA-256, bound to the TLS session", 0 },
	{ "SCRAM-SHA-512", "password not sent; both sides prove it", 0 },
	{ "SCRAM-SHA-512-PLUS", "as SCRAM-SHA-512, bound to the TLS session", 0 },
	{ "XOAUTH2", "sends a token instead of the password", 0 },     /* Google */
	{ "OAUTHBEARER", "sends a token instead of the password", 0 }, /* RFC 7628 */
	{ "PLAIN-CLIENTTOKEN", "Google's own: password and token", 0 },
	{ "NTLM", "old Windows login; weak today", 0 },
	{ "GSSAPI", "Kerberos ticket", 0 }, /* RFC 4752 */
	{ "GS2-KRB5", "Kerberos ticket", 0 },
	{ "GSS-SPNEGO", "Kerberos or Windows login", 0 },
	{ "EXTERNAL", "login by client certificate", 0 }, /* RFC 4422 A */
	{ "ANONYMOUS", "login without a name", 0 },       /* RFC 4505 */
	{ "OTP", "one-time password", 0 },                /* RFC 2444 */
	{ "SKEY", "one-time password, old", 0 },
	{ "KERBEROS_V4", "old Kerberos; broken", 0 },
	{ NULL, NULL, 0 },
};

/* AUTH=PLAIN LOGIN in EHLO: what Outlook of old and Postfix' broken_sasl_auth_clients write. */
static const struct word auth_equals = { "AUTH=", "same list in the syntax of old Outlook", 0 };
static const struct word imap_auth = { "AUTH=", "login mechanism", FORM_MECHS };
static const struct word masked = { "XXX", "masked by a firewall (Cisco inspect esmtp)", 0 };

static const struct word *table_of(enum words_table table)
{
	switch (table) {
	case WORDS_EHLO:
		return ehlo;
	case WORDS_CAPA:
		return capa;
	case WORDS_IMAP:
		return imap;
	default:
		return mech;
	}
}

/* "XXXXXXXA": Cisco overwrites the verbs it does not let pass with X, and the last letter counts. */
static bool is_masked(struct bytes keyword)
{
	if (keyword.n < 4)
		return false;
	for (size_t i = 0; i + 1 < keyword.n; i++) {
		if (keyword.p[i] != 'X')
			return false;
	}
	return keyword.p[keyword.n - 1] >= 'A' && keyword.p[keyword.n - 1] <= 'Z';
}

/* The row for the first word of *line, which is taken off. */
static const struct word *find_word(enum words_table table, struct bytes *line)
{
	struct bytes keyword;

	if (!bytes_word(line, &keyword))
		return NULL;
	/* "THREAD=REFS", "APPENDLIMIT=1000" */
	struct bytes front = bytes_head(keyword, bytes_find(keyword, '='));
	for (const struct word *w = table_of(table); w->keyword; w++) {
		if (bytes_equal_nocase(keyword, bytes_of(w->keyword)) ||
				(table == WORDS_IMAP &&
						bytes_equal_nocase(front, bytes_of(w->keyword))))
			return w;
	}
	if (bytes_starts_nocase(keyword, BYTES("AUTH=")) && table == WORDS_EHLO)
		return &auth_equals;
	if (bytes_starts_nocase(keyword, BYTES("AUTH=")) && table == WORDS_IMAP) {
		*line = bytes_skip(keyword, sizeof("AUTH=") - 1);
		return &imap_auth;
	}
	return table == WORDS_EHLO && is_masked(keyword) ? &masked : NULL;
}

/* In binary units, rounded down to one digit behind the point: a limit must not look larger. */
static void put_size(struct buf *out, uint64_t size)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned unit = 0;
	uint64_t tenths = 0;

	while (size >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenths = size % 1024 * 10 / 1024;
		size /= 1024;
		unit++;
	}
	buf_printf(out, "%llu", (unsigned long long)size);
	if (tenths)
		buf_printf(out, ".%llu", (unsigned long long)tenths);
	buf_printf(out, " %s", units[unit]);
}

/* Whether the list holds a mechanism that shows the password to whoever reads the wire. */
static bool has_clear_mech(struct bytes list)
{
	struct bytes name;

	while (bytes_word(&list, &name)) {
		if (bytes_equal_nocase(name, BYTES("PLAIN")) ||
				bytes_equal_nocase(name, BYTES("LOGIN")))
			return true;
	}
	return false;
}

/* The note for a number, where the keyword carries one that means something; else false. */
static bool put_number(struct buf *out, enum form form, struct bytes word)
{
	uint64_t number;

	if (!bytes_is_uint(word, UINT64_MAX / 1024, &number))
		return false;
	if (form == FORM_SIZE && number) { /* RFC 1870 4: 0 is no limit */
		buf_puts(out, "largest message ");
		put_size(out, number);
		return true;
	}
	if (form == FORM_SECONDS) {
		buf_printf(out, "%llu s between two logins", (unsigned long long)number);
		return true;
	}
	if (form == FORM_DAYS) { /* RFC 2449 6.7: 0 is at the end of the session */
		if (number)
			buf_printf(out, "messages are kept %llu days", (unsigned long long)number);
		else
			buf_puts(out, "messages are deleted once read");
		return true;
	}
	return false;
}

bool words_put(struct buf *out, enum words_table table, struct bytes line)
{
	const struct word *w = find_word(table, &line);
	struct bytes list = line;
	struct bytes word;

	if (!w)
		return false;
	if (w->form == FORM_FIXED || !bytes_word(&line, &word)) {
		buf_puts(out, w->note);
		return true;
	}
	if (w->form != FORM_MECHS) {
		if (!put_number(out, w->form, word))
			buf_puts(out, w->note);
		return true;
	}
	if (has_clear_mech(list))
		buf_puts(out, "login; PLAIN and LOGIN show the password");
	else
		buf_puts(out, "login without showing the password");
	return true;
}
