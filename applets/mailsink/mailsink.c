/* mailsink - a small SMTP, POP3 and IMAP server for tests
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"
#include "applets/mailsink/imapd.h"
#include "applets/mailsink/pop3d.h"
#include "applets/mailsink/scripted.h"
#include "applets/mailsink/serve.h"
#include "applets/mailsink/smtpd.h"
#include "proto/smtp.h"
#include "sys/file.h"
#include "sys/mem.h"
#include "ui/json.h"

#include <stddef.h>
#include <string.h>

#define HOST_NAME "mailsink.localhost" /* RFC 6761 6.3: such names are loopback everywhere */

/* In the order of --cert-fault. */
enum { CERT_GOOD, CERT_EXPIRED, CERT_EARLY, CERT_WRONG_NAME, CERT_WEAK };

enum { DAY_S = 86400, BANNER_MAX = 400, PEM_MAX = 64 * 1024, PORT_MAX = 65535 };

struct mailsink {
	unsigned port[SERVE_PORTS], first_port;
	const char *bind;
	struct opt_list users, faults, mechs;
	const char *user_file, *maildir, *banner, *script;
	const char *cert, *key, *cert_out, *client_ca;
	bool no_tls, require_tls, discard, proxy, xclient;
	int cert_fault, tls_version;
	unsigned max_messages, max_bytes, max_size, max_sessions;
	bool once;
	unsigned for_s, idle_s;
	bool show, json, show_secrets, stable;
};

#define AT(member) offsetof(struct mailsink, member)

/* clang-format off */
static const struct opt options[] = {
	{.help = "Usual"},
	{0, "port", "PORT", OPT_NUMBER, AT(first_port), "all six ports from PORT on; 0: any that are free", 0, PORT_MAX - 5},
	{'b', "bind", "ADDR", OPT_TEXT, AT(bind), "listen on ADDR, not on 127.0.0.1", 0, 0},
	{0, "user", "NAME:PASS", OPT_LIST, AT(users), "this user can log in; may be repeated", 0, 0},
	{0, "maildir", "DIR", OPT_TEXT, AT(maildir), "keep messages there, not in memory", 0, 0},
	{0, "show", NULL, OPT_FLAG, AT(show), "show the sessions as they happen", 0, 0},
	{0, "fault", "SPEC", OPT_LIST, AT(faults), "STAGE[*N]=ACTION (--man); may be repeated", 0, 0},
	{0, "script", "FILE", OPT_TEXT, AT(script), "say what FILE says, a transcript (--man)", 0, 0},
	{0, "once", NULL, OPT_FLAG, AT(once), "end after the first session", 0, 0},
	{'t', "for", "S", OPT_NUMBER, AT(for_s), "end after S seconds", 1, 31536000},
	{.help = "Ports", .max = OPT_NAMES_ONLY},
	{0, "smtp", "PORT", OPT_NUMBER, AT(port[SERVE_SMTP]), "SMTP, with STARTTLS; all six when none is named", 0, PORT_MAX},
	{0, "smtps", "PORT", OPT_NUMBER, AT(port[SERVE_SMTPS]), "SMTP inside TLS", 0, PORT_MAX},
	{0, "pop3", "PORT", OPT_NUMBER, AT(port[SERVE_POP3]), "POP3, with STLS", 0, PORT_MAX},
	{0, "pop3s", "PORT", OPT_NUMBER, AT(port[SERVE_POP3S]), "POP3 inside TLS", 0, PORT_MAX},
	{0, "imap", "PORT", OPT_NUMBER, AT(port[SERVE_IMAP]), "IMAP, with STARTTLS", 0, PORT_MAX},
	{0, "imaps", "PORT", OPT_NUMBER, AT(port[SERVE_IMAPS]), "IMAP inside TLS", 0, PORT_MAX},
	{0, "lmtp", "PORT", OPT_NUMBER, AT(port[SERVE_LMTP]), "LMTP; only when named", 0, PORT_MAX},
	{.help = "Clients", .max = OPT_NAMES_ONLY},
	{0, "user-file", "FILE", OPT_TEXT, AT(user_file), "the same, one NAME:PASS a line", 0, 0},
	{0, "auth", "MECH", OPT_LIST, AT(mechs), "offer this one (--man); may be repeated", 0, 0},
	{0, "proxy-protocol", NULL, OPT_FLAG, AT(proxy), "clients begin with a PROXY header, v1 or v2", 0, 0},
	{0, "xclient", NULL, OPT_FLAG, AT(xclient), "offer XCLIENT, to whoever is there", 0, 0},
	{.help = "Mail", .max = OPT_NAMES_ONLY},
	{0, "banner", "TEXT", OPT_TEXT, AT(banner), "greet with TEXT; it begins with the host name", 0, 0},
	{0, "discard", NULL, OPT_FLAG, AT(discard), "take messages, keep none", 0, 0},
	{0, "max-messages", "N", OPT_NUMBER, AT(max_messages), "keep at most N (10000)", 1, 1000000},
	{0, "max-bytes", "N", OPT_NUMBER, AT(max_bytes), "all together at most N (64 MiB)", 1, 4294967295},
	{0, "max-size", "N", OPT_NUMBER, AT(max_size), "each at most N bytes (10 MiB)", 1, 1073741824},
	{.help = "TLS", .max = OPT_NAMES_ONLY},
	{0, "cert", "FILE", OPT_TEXT, AT(cert), "PEM certificate, then its chain; else it is self-made", 0, 0},
	{0, "key", "FILE", OPT_TEXT, AT(key), "its PEM key, when FILE of --cert has none", 0, 0},
	{0, "cert-out", "FILE", OPT_TEXT, AT(cert_out), "write the certificate, for clients to trust", 0, 0},
	{0, "cert-fault", "none|expired|early|wrong-name|weak", OPT_CHOICE, AT(cert_fault), "make a certificate that is no good", 0, 0},
	{0, "client-ca", "FILE", OPT_TEXT, AT(client_ca), "ask for certificates by FILE's authority; EXTERNAL", 0, 0},
	{0, "tls-version", "any|1.2|1.3", OPT_CHOICE, AT(tls_version), "speak only this one", 0, 0},
	{0, "require-tls", NULL, OPT_FLAG, AT(require_tls), "no mail and no login in clear text", 0, 0},
	{0, "no-tls", NULL, OPT_FLAG, AT(no_tls), "neither STARTTLS nor TLS ports", 0, 0},
	{.help = "Sessions", .max = OPT_NAMES_ONLY},
	{0, "idle", "S", OPT_NUMBER, AT(idle_s), "end silent sessions after S (300 to 1800)", 1, 86400},
	{0, "max-sessions", "N", OPT_NUMBER, AT(max_sessions), "at most N at a time (500)", 1, 10000},
	{.help = "Output", .max = OPT_NAMES_ONLY},
	{'j', "json", NULL, OPT_FLAG, AT(json), "events as JSON, one a line; lines, too, with --show", 0, 0},
	{0, "show-secrets", NULL, OPT_FLAG, AT(show_secrets), "show passwords instead of their length", 0, 0},
	{0, "stable", NULL, OPT_FLAG, AT(stable), "count queue ids; show no random values", 0, 0},
	{0},
};
/* clang-format on */

static const char *const more[] = {
	"Takes mail for any recipient from whoever reaches its ports, keeps it, and forwards none. Each"
	" user reads all of it by POP3 or IMAP (IDLE, too), one at a time. Without a user nobody can log in: AUTH is not"
	" offered, and mail is taken all the same.",
	"When it listens it says so on standard output, in one line with the ports:"
	" \"ready smtp=2525 pop3=2110\". It ends with status 0 on SIGTERM and SIGINT, after a goodbye to"
	" whoever is there.",
	"--auth chooses among ANONYMOUS, LOGIN, PLAIN, NTLM (version 2), CRAM-MD5, DIGEST-MD5, XOAUTH2, OAUTHBEARER"
	" (the password is the token), SCRAM-SHA-1, SCRAM-SHA-256; without it all but ANONYMOUS and"
	" NTLM. With ANONYMOUS anybody logs in; EXTERNAL goes with a"
	" certificate that --client-ca vouches for: its CN is the user. USER, APOP and LOGIN of IMAP always work.",
	"With --proxy-protocol no session begins before its header, and with it or --xclient whoever"
	" connects says which address he comes from: it is shown, and stands in Received.",
	"--fault breaks the answer to a STAGE: a command's name, or greeting, tls (when it is to begin),"
	" dot (the message is complete), proof (the answer to an AUTH challenge), any; with *N only the"
	" first N times. ACTION is a reply (\"rcpt*2=450 4.2.0 Greylisted\"; with \\r \\n \\0 \\\\"
	" \\xNN; one that refuses stands for the command, another only for its answer), or one of: close"
	" reset silence cut, delay S, drip MS, split (each octet a packet), twice, insert TEXT,"
	" count N (more lines), endless, long N (octets), teaser, lf, noeol, nodot, unstuffed, spaces,"
	" swap OLD NEW (in an AUTH challenge before it is base64, too), lower, mask (stars), xxxx, oldauth (AUTH=), lie N (sizes), alert N (of TLS).",
	"--script plays a transcript as smtptalk and the others show it, on each port: \"S: TEXT\" is sent"
	" (with the escapes of --fault), for \"C: TEXT\" a line of the client that begins so is waited"
	" for (both end before \"<hidden\" and \"  <- \"; another line ends the session). Beside them: /until TEXT"
	" (passes over lines before), /send TEXT (without CRLF), /wait S, /tls, /close, /reset. Empty"
	" lines and those that begin with #, a blank or == are passed over; at the end it closes.",
	"--user shows a password in ps until it is overwritten, right after the start; for other than"
	" throw-away ones there is --user-file.",
	NULL,
};

static const char *const examples[] = {
	"mailsink --smtp 2525 --show --for 60",
	"is the path to this host open, and what does the client really send? (port 25 needs root)",
	"mailsink --port 0 --user sample:password --cert-out cert.pem --once",
	"a server for one test: \"smtptalk localhost:PORT --ca-file cert.pem -u sample\"",
	NULL,
};

const struct opt_spec mailsink_spec = {
	.name = "mailsink",
	.what = "A small SMTP, POP3 and IMAP server for tests: takes all mail, forwards none.",
	.usage = "mailsink [options]",
	.more = more,
	.options = options,
	.examples = examples,
};

/* The password is copied; ps shall not go on showing it. */
static void wipe_argument(int argc, char **argv, const char *text)
{
	for (int i = 1; i < argc; i++) {
		size_t n = strlen(argv[i]);
		if (text >= argv[i] && text <= argv[i] + n) {
			mem_wipe(argv[i] + (text - argv[i]), strlen(text));
			return;
		}
	}
}

static bool take_users(struct users *u, const struct mailsink *m, int argc, char **argv,
		struct err *e)
{
	bool ok = true;

	for (size_t i = 0; i < m->users.count; i++) {
		ok = ok && users_add(u, bytes_of(m->users.at[i]), e);
		wipe_argument(argc, argv, m->users.at[i]);
	}
	return ok && (!m->user_file || users_load(u, m->user_file, e));
}

/* Says which ports are served: those named, else all. */
static bool choose_ports(struct mailsink *m, struct err *e)
{
	bool any = false;

	for (size_t i = 0; i < SERVE_PORTS; i++)
		any = any || m->port[i] != SERVE_UNUSED;
	if (any && m->first_port != SERVE_UNUSED)
		return err_set(e, ERR_USAGE, "--port names all ports; leave out the others");
	for (unsigned i = 0; m->no_tls && i < SERVE_PORTS; i++)
		if (m->port[i] != SERVE_UNUSED && serve_port_is_tls((enum serve_port)i))
			return err_set(e, ERR_USAGE, "--no-tls has no TLS ports");
	for (unsigned i = 0; !any && i < SERVE_USUAL; i++)
		m->port[i] = m->first_port != SERVE_UNUSED && m->first_port > 0 ?
				m->first_port + i :
				0;
	for (unsigned i = 0; m->no_tls && i < SERVE_PORTS; i++)
		if (serve_port_is_tls((enum serve_port)i))
			m->port[i] = SERVE_UNUSED;
	return true;
}

static bool take_mechs(struct sink *sink, const struct opt_list *names, struct err *e)
{
	size_t unknown = 0;

	for (size_t i = 0; i < names->count && unknown == 0; i++) {
		sasl_mechs_add(bytes_of(names->at[i]), &sink->mechs, &unknown);
		if (unknown > 0)
			err_set(e, ERR_USAGE, "--auth %s: no mechanism that is known here",
					names->at[i]);
	}
	if (names->count == 0)
		sink->mechs = LOGIN_USUAL;
	sink->mechs |= SASL_EXTERNAL; /* for whom it can be */
	return unknown == 0;
}

static bool take_script(struct sink *sink, const char *path, struct buf *text, struct err *e)
{
	unsigned number;

	if (!path)
		return true;
	if (!file_read(path, text, e))
		return err_wrap(e, "--script");
	sink->script = buf_bytes(text);
	return (text->n > 0 && scripted_check(sink->script, &number)) ||
			err_set(e, ERR_USAGE, "--script %s: line %u is no step of a script", path,
					text->n > 0 ? number : 1);
}

static bool take_faults(struct faults *f, const struct opt_list *specs, struct err *e)
{
	static const struct session_proto *const protos[] = { &smtpd_proto, &smtpd_lmtp,
		&pop3d_proto, &imapd_proto };
	const char *stages[FAULT_STAGES_MAX + 1] = { FAULT_STAGES };
	size_t count = 0;
	bool ok = true;

	while (stages[count])
		count++;
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		for (size_t k = 0; protos[i]->commands[k].verb && count < FAULT_STAGES_MAX; k++)
			stages[count++] = protos[i]->commands[k].verb;
	for (size_t i = 0; ok && i < specs->count; i++)
		ok = faults_add(f, specs->at[i], stages, e);
	return ok;
}

static bool check_options(struct mailsink *m, struct err *e)
{
	struct addr a;

	if (m->no_tls && (m->require_tls || m->cert || m->key || m->cert_out || m->client_ca))
		return err_set(e, ERR_USAGE,
				"--no-tls excludes --require-tls, --cert, --key, --cert-out, --client-ca");
	if (m->cert && m->cert_fault != CERT_GOOD)
		return err_set(e, ERR_USAGE, "--cert-fault is for a self-made certificate");
	if (m->script && m->faults.count > 0)
		return err_set(e, ERR_USAGE, "--script excludes --fault");
	if (m->key && !m->cert)
		return err_set(e, ERR_USAGE, "--key needs --cert");
	if (m->banner &&
			(bytes_has_control(bytes_of(m->banner)) || strlen(m->banner) > BANNER_MAX ||
					!*m->banner))
		return err_set(e, ERR_USAGE, "--banner takes 1 to %d characters without controls",
				BANNER_MAX);
	return addr_parse(&a, m->bind, 0, e) && choose_ports(m, e);
}

static bool write_certificate(const struct tls_server *tls, const char *file, struct err *e)
{
	struct buf pem = BUF(PEM_MAX);
	bool ok = !file ||
			(tls_server_pem(tls, &pem) && file_write(file, buf_bytes(&pem), true, e));

	buf_free(&pem);
	return ok;
}

static struct tls_server *make_tls(struct world *w, const struct mailsink *m, const char *name,
		struct err *e)
{
	const char *names[] = { "localhost", "127.0.0.1", "::1", name, m->bind };
	const char *other[] = { "another.example" };
	bool is_wrong = m->cert_fault == CERT_WRONG_NAME;
	size_t count = strcmp(m->bind, "127.0.0.1") == 0 || strcmp(m->bind, "::1") == 0 ? 4 : 5;
	const struct tls_self_made self = {
		.names = is_wrong ? other : names,
		.count = is_wrong ? 1 : count,
		/* made a year and a half ago, or to be made in a month */
		.shift_s = m->cert_fault == CERT_EXPIRED    ? -550 * DAY_S :
				m->cert_fault == CERT_EARLY ? 30 * DAY_S :
							      0,
		.is_weak = m->cert_fault == CERT_WEAK,
	};
	struct tls_server *tls = m->cert ?
			tls_server_load(w, m->cert, m->key ? m->key : m->cert, e) :
			tls_server_make(w, &self, e);

	if (tls && m->tls_version > 0)
		tls_server_only(tls, m->tls_version == 1 ? 12 : 13);
	if (tls &&
			((m->client_ca && !tls_server_ask(tls, m->client_ca, e)) ||
					!write_certificate(tls, m->cert_out, e))) {
		tls_server_free(tls);
		tls = NULL;
	}
	return tls;
}

static void say_ready(struct world *w, const struct mailsink *m, const struct serve *v)
{
	struct buf text = BUF(1000);
	struct json object;

	if (m->json) {
		json_begin(&object, &text);
		json_str(&object, "type", "ready");
	} else {
		buf_puts(&text, "ready");
	}
	for (size_t i = 0; i < SERVE_PORTS; i++) {
		if (v->listen[i].fd < 0)
			continue;
		if (m->json)
			json_int(&object, serve_port_name((enum serve_port)i), v->listen[i].port);
		else
			buf_printf(&text, " %s=%u", serve_port_name((enum serve_port)i),
					v->listen[i].port);
	}
	if (m->json)
		json_end(&object);
	else
		buf_putc(&text, '\n');
	out_put(&w->out, buf_bytes(&text));
	out_flush(&w->out);
	buf_free(&text);
}

static void warn_if_open(struct world *w, const char *bind)
{
	struct addr a;

	if (addr_parse(&a, bind, 0, NULL) && !addr_is_loopback(&a))
		out_printf(&w->err, "mailsink: takes mail from anybody who reaches %s\n", bind);
	out_flush(&w->err);
}

static bool run(struct sink *sink, struct mailsink *m, struct err *e)
{
	struct serve_options o = { .bind = m->bind,
		.proxy = m->proxy,
		.once = m->once,
		.deadline_ms = WORLD_FOREVER,
		.idle_s = m->idle_s,
		.sessions_max = m->max_sessions };
	struct serve v;
	bool ok = true;

	memcpy(o.port, m->port, sizeof(o.port));
	if (!m->no_tls) {
		o.tls = make_tls(sink->w, m, sink->name, e);
		ok = o.tls != NULL;
	}
	world_catch_stop();
	if (m->for_s > 0)
		o.deadline_ms = sink->w->mono_ms(sink->w) + m->for_s * (uint64_t)1000;
	ok = ok && store_open(&sink->store, e) && serve_open(&v, sink, &o, e);
	if (ok) {
		warn_if_open(sink->w, m->bind);
		say_ready(sink->w, m, &v);
		serve_run(&v);
	}
	store_close(&sink->store);
	tls_server_free(o.tls);
	return ok;
}

static void set_sink(struct sink *sink, struct world *w, const struct mailsink *m, const char *name)
{
	*sink = (struct sink){
			.w = w,
			.name = name,
			.banner = m->banner,
			.can_tls = !m->no_tls,
			.xclient = m->xclient,
			.require_tls = m->require_tls,
			.discard = m->discard,
			.message_max = m->max_size,
			.store = {
					.w = w,
					.maildir = m->maildir,
					.stable = m->stable,
					.messages_max = m->max_messages,
					.bytes_max = m->max_bytes,
			},
			.journal = {w, m->show, m->json, m->show_secrets, m->stable},
	};
}

int mailsink_main(struct world *w, int argc, char **argv)
{
	struct mailsink m = {
		.port = { SERVE_UNUSED, SERVE_UNUSED, SERVE_UNUSED, SERVE_UNUSED, SERVE_UNUSED,
				SERVE_UNUSED, SERVE_UNUSED },
		.first_port = SERVE_UNUSED,
		.bind = "127.0.0.1",
		.max_messages = 10000,
		.max_bytes = 64 * 1024 * 1024,
		.max_size = 10 * 1024 * 1024,
		.max_sessions = 500,
	};
	struct buf name = BUF(BANNER_MAX), script = BUF(SCRIPTED_MAX);
	struct opt_list operands;
	struct sink sink;
	struct err e = { 0 };

	enum opt_result parsed = opt_parse(w, &mailsink_spec, argc, argv,
			&(struct opt_into){ &m, NULL, &operands });
	if (parsed != OPT_RUN)
		return parsed == OPT_HELPED ? 0 : 3;
	buf_put(&name, smtp_banner_host(bytes_of(m.banner)));
	set_sink(&sink, w, &m, name.n > 0 ? buf_text(&name) : HOST_NAME);
	bool ok = take_users(&sink.users, &m, argc, argv, &e) && check_options(&m, &e) &&
			take_script(&sink, m.script, &script, &e) &&
			take_mechs(&sink, &m.mechs, &e) &&
			take_faults(&sink.faults, &m.faults, &e) && run(&sink, &m, &e);
	if (!ok)
		opt_wrong(w, &mailsink_spec, "%s", e.text);
	users_free(&sink.users);
	faults_free(&sink.faults);
	buf_free(&script);
	buf_free(&name);
	return ok ? 0 : 3;
}
