/* software - names of mail software in greetings
 * SPDX-License-Identifier: MIT */
#include "proto/software.h"

#include "proto/b64.h"

enum {
	TEXT_MAX = 1024
}; /* twice the longest legal reply line (RFC 5321 4.5.3.1.5); names come early */

/* As they stand in greetings of SMTP, POP3 and IMAP; a longer name comes before the shorter one
 * it begins with. */
static const char *const names[] = {
	"aiosmtpd",
	"Axigen",
	"Apache James",
	"JAMES IMAP",
	"JAMES POP3",
	"JAMES SMTP",
	"chasquid",
	"CommuniGate Pro",
	"Courier",
	"Cyrus POP3",
	"Cyrus IMAP",
	"Cyrus LMTP",
	"Cyrus",
	"DBMAIL",
	"Dovecot",
	"ecelerity",
	"EmailRelay",
	"E-MailRelay",
	"Exim",
	"GNU POP3",
	"Gpop",
	"Gimap",
	"gsmtp",
	"GreenMail",
	"Halon",
	"Haraka",
	"HCL Domino",
	"hMailServer",
	"IBM Domino",
	"IceWarp",
	"IdeaImapServer",
	"InterMail",
	"IMail",
	"Kerio Connect",
	"Kerio MailServer",
	"KumoMTA",
	"Lotus Domino",
	"Lotus Notes",
	"MailEnable",
	"MailHog",
	"Mailpit",
	"MailSite",
	"mailsink",
	"maddy",
	"MDaemon",
	"MERCUR",
	"Mercury/32",
	"Microsoft ESMTP MAIL Service",
	"Microsoft Exchange Server",
	"Microsoft Exchange",
	"Microsoft Windows POP3 Service",
	"Mimecast",
	"mox",
	"nullmailer",
	"OpenSMTPD",
	"Perdition",
	"popa3d",
	"Postfix",
	"PowerMTA",
	"Proofpoint",
	"Python SMTP",
	"qmail",
	"netqmail",
	"qpopper",
	"qpsmtpd",
	"Sendmail",
	"SmarterMail",
	"Solid POP3",
	"Stalwart",
	"SubEthaSMTP",
	"SurgeMail",
	"teapop",
	"tpop3d",
	"UW POP3",
	"vpopd",
	"VPOP3",
	"XMail",
	"Zimbra",
};

static bool is_word_octet(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			c >= 0x80;
}

/* A name counts only as a word of its own: "postfix.example.com" and "exim-users" name nothing. */
static bool is_apart(struct bytes text, size_t at, size_t n)
{
	unsigned char before = at > 0 ? text.p[at - 1] : ' ';
	unsigned char after = at + n < text.n ? text.p[at + n] : ' ';

	if (is_word_octet(before) || before == '.' || before == '-' || before == '@' ||
			before == '_')
		return false;
	if (is_word_octet(after) || after == '-' || after == '@' || after == '_')
		return false;
	return after != '.' || at + n + 1 >= text.n || !is_word_octet(text.p[at + n + 1]);
}

static bool is_version_end(unsigned char c)
{
	return c <= ' ' || c == ';' || c == ',' || c == ')' || c == '>';
}

/* How many octets behind a name belong to it: "/3.0.2", " 4.96", " v4.5", " (Debian/GNU)". */
static size_t version_size(struct bytes after)
{
	size_t n = 0;

	if (after.n >= 2 && after.p[0] == ' ' && after.p[1] == '(') {
		n = bytes_find(after, ')');
		return n < after.n ? n + 1 : 0;
	}
	if (after.n < 2 || (after.p[0] != ' ' && after.p[0] != '/'))
		return 0;
	size_t digit = after.p[1] == 'v' || after.p[1] == 'V' ? 2 : 1;
	if (digit >= after.n || after.p[digit] < '0' || after.p[digit] > '9')
		return 0;
	n = digit;
	while (n < after.n && !is_version_end(after.p[n]))
		n++;
	while (after.p[n - 1] == '.')
		n--;
	return n;
}

/* Octets of the name that stands at this place as a word of its own; 0: none. */
static size_t name_size(struct bytes text, size_t at)
{
	struct bytes tail = bytes_skip(text, at);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bytes name = bytes_of(names[i]);
		if (bytes_starts_nocase(tail, name) && is_apart(text, at, name.n))
			return name.n;
	}
	return 0;
}

bool software_find(struct bytes text, struct bytes *software)
{
	text = bytes_head(text, TEXT_MAX);
	for (size_t at = 0; at < text.n; at++) {
		if (at > 0 && is_word_octet(text.p[at - 1]))
			continue;
		size_t n = name_size(text, at);
		if (n == 0)
			continue;
		n += version_size(bytes_skip(text, at + n));
		*software = bytes_head(bytes_skip(text, at), n);
		return true;
	}
	return false;
}

static bool is_of_host(unsigned char c)
{
	unsigned char low = c | 0x20;

	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

bool software_hidden_host(struct bytes greeting, struct buf *host)
{
	enum { HOST_MAX = 255 }; /* RFC 1035 2.3.4 */
	struct buf wide = BUF(2 * HOST_MAX);
	struct bytes text = bytes_trim(greeting);
	size_t at = text.n;

	while (at > 0 && text.p[at - 1] != '[')
		at--;
	text = bytes_skip(text, at);
	bool ok = at > 0 && bytes_ends(text, BYTES("]")) &&
			b64_decode(bytes_head(text, text.n - 1), &wide, NULL) == B64_OK &&
			wide.n > 2 && wide.n % 2 == 0;
	for (size_t i = 0; ok && i < wide.n; i += 2)
		ok = is_of_host(wide.p[i]) && wide.p[i + 1] == 0;
	for (size_t i = 0; ok && i < wide.n; i += 2)
		buf_putc(host, wide.p[i]);
	buf_free(&wide);
	return ok;
}
