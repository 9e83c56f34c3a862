/* test_b64auth - the whole applet in a world of its own
 * SPDX-License-Identifier: MIT */
#include "applets/applet.h"
#include "applets/b64auth/b64auth.h"
#include "applets/b64auth/line.h"
#include "proto/sasl.h"

#include "tests/fakes/fake_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ARGS_MAX = 12 };

#define BASE64 "b64auth", "-d"

struct run {
	const char *name;
	const char *args[ARGS_MAX];
	const char *in; /* standard input; NULL: closed */
	int code;
	const char *out; /* all of standard output */
	const char *err; /* part of standard error; NULL: nothing there */
};

static int run_applet(struct fake_world *f, const char *const *args)
{
	char words[ARGS_MAX][256];
	char *argv[ARGS_MAX + 1] = { NULL };
	int argc = 0;

	/* opt_parse overwrites a -p in place */
	for (; argc < ARGS_MAX && args[argc]; argc++) {
		assert_true(strlen(args[argc]) < sizeof(words[0]));
		memcpy(words[argc], args[argc], strlen(args[argc]) + 1);
		argv[argc] = words[argc];
	}
	return b64auth_main(&f->w, argc, argv);
}

static void check_run(const struct run *r)
{
	struct fake_world f;

	fake_world_init(&f);
	if (r->in)
		fake_world_stdin(&f, bytes_of(r->in));
	int code = run_applet(&f, r->args);
	if (code != r->code)
		fail_msg("%s: exit code %d, wanted %d\n%s%s", r->name, code, r->code,
				fake_world_out(&f), fake_world_err(&f));
	if (strcmp(fake_world_out(&f), r->out) != 0)
		fail_msg("%s: got\n%swanted\n%s", r->name, fake_world_out(&f), r->out);
	if (r->err ? !strstr(fake_world_err(&f), r->err) : *fake_world_err(&f) != '\0')
		fail_msg("%s: on standard error: %s", r->name, fake_world_err(&f));
	fake_world_free(&f);
}

/* clang-format off */
static const struct run runs[] = {
	/* make */
	{"AUTH PLAIN of the article", {"b64auth", "plain", "-u", "sample", "--pass-file", "-"},
		"password\n", 0, "AHNhbXBsZQBwYXNzd29yZA==\n", NULL},
	{"PLAIN with an authorization identity, RFC 4616 4",
		{"b64auth", "plain", "-u", "Kurt", "--authzid", "Ursel", "--pass-file", "-"},
		"xipj3plmq\n", 0, "VXJzZWwAS3VydAB4aXBqM3BsbXE=\n", NULL},
	{"the @ stays", {"b64auth", "plain", "-u", "user@example.com", "--pass-file", "-"}, "pw\n",
		0, "AHVzZXJAZXhhbXBsZS5jb20AcHc=\n", NULL},
	{"a password of digits", {"b64auth", "plain", "-u", "test", "--pass-file", "-"}, "1234\n",
		0, "AHRlc3QAMTIzNA==\n", NULL},
	{"LOGIN is two lines", {"b64auth", "login", "-u", "sample", "--pass-file", "-"},
		"password\n", 0, "c2FtcGxl\ncGFzc3dvcmQ=\n", NULL},
	{"CRAM-MD5, the challenge decoded", {"b64auth", "cram-md5", "-u", "tim", "--pass-file", "-",
		"<1896.697170952@postoffice.reston.mci.net>"}, "tanstaaftanstaaf\n", 0,
		"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\n", NULL},
	{"CRAM-MD5, the challenge in its line", {"b64auth", "cram-md5", "-u", "tim", "--pass-file",
		"-", "334", "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"},
		"tanstaaftanstaaf\n", 0,
		"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\n", NULL},
	{"CRAM-MD5, no challenge in it", {"b64auth", "cram-md5", "-u", "tim", "--pass-file", "-",
		"what?"}, "x\n", 3, "", "the challenge is neither base64 nor"},
	{"DIGEST-MD5, RFC 2831 4, as the whole line of the server",
		{"b64auth", "digest-md5", "-p", "secret", "--imap", "--host", "elwood.innosoft.com",
		"-uchris", "--nonce", "OA6MHXh6VqTrRk",
		"+ cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9wPSJhdXRoIi"
		"xhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA=="}, NULL, 0,
		"Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29tIixub25j"
		"ZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUmsiLGRpZ2VzdC11"
		"cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9ZDM4OGRhZDkwZDRiYmQ3NjBhMTUyMzIx"
		"ZjIxNDNhZjcscW9wPWF1dGg=\n"
		"server owes: cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==\n", "warning"},
	{"SCRAM-SHA-1, RFC 5802 5, first and final", {"b64auth", "scram-sha-1", "-u", "user",
		"--nonce", "fyko+d2lbbFgONRv9qkxdawL", "--pass-file", "-",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"},
		"pencil\n", 0, "biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM\n"
		"Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyV"
		"DBDSkdiSlF5RjBYK0hJNFRzPQ==\n"
		"server owes: dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9\n", NULL},
	{"SCRAM-SHA-1, the server's proof is checked", {"b64auth", "scram-sha-1", "-u", "user",
		"--nonce", "fyko+d2lbbFgONRv9qkxdawL", "--pass-file", "-",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		"pencil\n", 0, "biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM\n"
		"Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyV"
		"DBDSkdiSlF5RjBYK0hJNFRzPQ==\n"
		"the server's proof is right: it knows the password\n", NULL},
	{"SCRAM-SHA-1, a wrong proof", {"b64auth", "scram-sha-1", "-u", "user",
		"--nonce", "fyko+d2lbbFgONRv9qkxdawL", "--pass-file", "-",
		"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		"v=rmF9pqV8S7suAoZWja4dJRkFsKR="},
		"pencil\n", 2, "biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM\n"
		"Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyV"
		"DBDSkdiSlF5RjBYK0hJNFRzPQ==\n"
		"server owes: dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9\n", "signature is wrong"},
	{"OAUTHBEARER, RFC 7628 4.1", {"b64auth", "oauthbearer", "-u", "user@example.com", "--host",
		"server.example.com:143", "--pass-file", "-"},
		"vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\n", 0,
		"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVh"
		"cmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB\n", NULL},
	{"XOAUTH2, Google's example", {"b64auth", "xoauth2", "-u", "someuser@example.com",
		"--pass-file", "-"}, "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\n", 0,
		"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNr"
		"QmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==\n", NULL},
	{"ANONYMOUS, RFC 4505 3", {"b64auth", "anonymous", "-u", "sirhc"}, NULL, 0, "c2lyaGM=\n",
		NULL},
	{"EXTERNAL without a name", {"b64auth", "external", "--line"}, NULL, 0,
		"AUTH EXTERNAL =\n", NULL},
	{"the whole line, SMTP", {"b64auth", "plain", "--line", "-u", "sample", "--pass-file", "-"},
		"password\n", 0, "AUTH PLAIN AHNhbXBsZQBwYXNzd29yZA==\n", NULL},
	{"the whole line, IMAP", {"b64auth", "plain", "--line", "--imap", "-u", "sample",
		"--pass-file", "-"}, "password\n", 0,
		"a1 AUTHENTICATE PLAIN AHNhbXBsZQBwYXNzd29yZA==\n", NULL},
	{"the lines of LOGIN", {"b64auth", "login", "--line", "-u", "sample", "--pass-file", "-"},
		"password\n", 0, "AUTH LOGIN\nc2FtcGxl\ncGFzc3dvcmQ=\n", NULL},
	{"a response too long for the command line of POP3", {"b64auth", "xoauth2", "--line", "--pop3",
		"-u", "sample", "--pass-file", "-"},
		"01234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"01234567890123456789012345678901234567890123456789012345678901234567890123456789\n", 0,
		"AUTH XOAUTH2\n"
		"dXNlcj1zYW1wbGUBYXV0aD1CZWFyZXIgMDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1"
		"Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1"
		"Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1"
		"Njc4OQEB\n",
		NULL},
	{"the lines of CRAM-MD5", {"b64auth", "cram-md5", "--line", "-u", "tim", "--pass-file", "-",
		"<1@x>"}, "p\n", 0,
		"AUTH CRAM-MD5\ndGltIDkxMTQ1YTE4NzdiMGVlMWQ1YzA0ODQ2NTcwN2I3MTQ2\n", NULL},
	{"a nonce with a comma", {"b64auth", "ntlm", "-u", "x", "--nonce", "12345678,"}, NULL, 3, "",
		"--nonce takes"},
	{"digest-md5 without a host", {"b64auth", "digest-md5", "-u", "x", "y"}, NULL, 3, "",
		"--host"},
	{"APOP, RFC 1939 7", {"b64auth", "apop", "-u", "mrose", "--pass-file", "-",
		"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"}, "tanstaaf\n", 0,
		"c4c9334bac560ecc979e58001b3e22fb\n", NULL},
	{"APOP, the whole line", {"b64auth", "apop", "--line", "-u", "mrose", "--pass-file", "-",
		"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"}, "tanstaaf\n", 0,
		"APOP mrose c4c9334bac560ecc979e58001b3e22fb\n", NULL},
	{"APOP is of POP3", {"b64auth", "apop", "--imap", "-u", "mrose", "<1@x>"}, NULL, 3, "",
		"--imap go with mechanisms"},
	{"a challenge that continues a nonce nobody gave", {"b64auth", "scram-sha-1", "-u", "user",
		"--pass-file", "-", "r=abcX,s=QSXCR+Q6sek8bf92,i=4096"}, "pencil\n", 3, "",
		"with --nonce"},
	{"a proof for a nonce nobody gave", {"b64auth", "digest-md5", "-u", "user", "--pass-file", "-",
		"--smtp", "--host", "h", "nonce=\"x\",algorithm=md5-sess", "rspauth=00"}, "p\n", 3, "",
		"with --nonce"},
	{"APOP without a stamp", {"b64auth", "apop", "-u", "mrose", "--pass-file", "-",
		"+OK ready"}, "tanstaaf\n", 3, "", "no time stamp"},
	{"made, as JSON", {"b64auth", "--json", "login", "-u", "sample", "--pass-file", "-"},
		"password\n", 0, "{\"type\":\"made\",\"mechanism\":\"LOGIN\",\"user\":\"sample\","
		"\"lines\":[\"c2FtcGxl\",\"cGFzc3dvcmQ=\"]}\n", NULL},
	{"-p works and warns", {"b64auth", "plain", "-u", "sample", "-p", "password"}, NULL, 0,
		"AHNhbXBsZQBwYXNzd29yZA==\n", "warning"},
	{"an empty password", {"b64auth", "plain", "-u", "x", "--pass-file", "-"}, "\n", 3, "",
		"the password is empty"},
	{"an empty user name", {"b64auth", "plain", "-u", "", "--pass-file", "-"}, "x\n", 3, "",
		"the user name is empty"},
	{"no user name", {"b64auth", "plain"}, NULL, 3, "", "-u"},
	{"no password", {"b64auth", "plain", "-u", "x"}, NULL, 3, "", "no password"},

	/* usage: no word of the user's is repeated, it may be a secret */
	{"no verb", {"b64auth"}, NULL, 3, "", "usage: b64auth MECHANISM"},
	{"-d forgotten", {"b64auth", "AHNhbXBsZQBwYXNzd29yZA=="}, NULL, 3, "",
		"b64auth: the first word is a mechanism (plain, login, ...), apop, encode or decode;"
		" -d takes a string apart\n"},
	{"a verb mistyped", {"b64auth", "plian"}, NULL, 3, "", "nearest: plain\n"},
	{"user and password as words", {"b64auth", "plain", "sample", "password"}, NULL, 3, "",
		"b64auth: one word too many; the user name goes with -u, the password see"
		" --pass-file\n"},
	{"no challenge", {"b64auth", "cram-md5", "-u", "x"}, NULL, 3, "", "needs the server's"},
	{"--authzid elsewhere", {"b64auth", "login", "--authzid", "a"}, NULL, 3, "", "--authzid"},
	{"--wrap elsewhere", {"b64auth", "decode", "-w", "76"}, "", 3, "", "--wrap"},
	{"--url elsewhere", {"b64auth", "plain", "--url"}, "", 3, "", "--url"},
	{"--url with -d", {"b64auth", "-d", "--url", "eA=="}, "", 3, "", "--url"},
	{"encode takes no word", {"b64auth", "encode", "x"}, "", 3, "", "standard input"},

	/* encode and decode */
	{"encode", {"b64auth", "encode"}, "foobar", 0, "Zm9vYmFy", NULL},
	{"encode, wrapped", {"b64auth", "encode", "-w", "4"}, "foobar", 0, "Zm9v\nYmFy\n", NULL},
	{"encode nothing", {"b64auth", "encode"}, "", 0, "", NULL},
	{"encode a closed input", {"b64auth", "encode"}, NULL, 3, "", "standard input is closed"},
	{"encode base64url", {"b64auth", "encode", "--url"}, "?\?\?>>>", 0, "Pz8_Pj4-", NULL},
	{"decode", {"b64auth", "decode"}, "Zm9vYmFy", 0, "foobar", NULL},
	{"decode a file of base64(1)", {"b64auth", "decode"}, "Zm9v\nYmFy\n", 0, "foobar", NULL},
	{"decode CRLF", {"b64auth", "decode"}, "Zm9v\r\nYmFy\r\n", 0, "foobar", NULL},
	{"decode base64url", {"b64auth", "decode", "--url"}, "Pz8_Pj4-", 0, "?\?\?>>>", NULL},
	{"decode, one pad of two", {"b64auth", "decode"}, "Zm9vYg=", 2, "foob", "offset 7"},
	{"decode, no pads", {"b64auth", "decode"}, "Zm9vYg", 2, "foob", "offset 6"},
	{"decode, pad inside", {"b64auth", "decode"}, "Zm9v=YmFy", 2, "foo", "offset 4"},
	{"decode, two in a row", {"b64auth", "decode"}, "Zg==Zm9v", 2, "f", "offset 4"},
	{"decode, blank inside", {"b64auth", "decode"}, "Zm9v YmFy", 2, "foo", "offset 4"},
	{"decode, foreign byte", {"b64auth", "decode"}, "Zm9v!YmFy", 2, "foo", "offset 4"},
	{"decode, spare bits", {"b64auth", "decode"}, "Zh==", 2, "f", "offset 1"},
	{"decode, digit left over", {"b64auth", "decode"}, "Zm9vY", 2, "foo", "offset 4"},
	{"decode, base64url unasked", {"b64auth", "decode"}, "Pz8_Pj4-", 2, "", "offset 3"},

	/* take apart */
	{"a PLAIN response", {BASE64, "AHNhbXBsZQBwYXNzd29yZA=="}, NULL, 0,
		"\\0 sample \\0 ********           16 bytes\n"
		"looks like: AUTH PLAIN response\n"
		"  authzid:  (empty)\n"
		"  user:     sample\n"
		"  password: 8 bytes, lower-case letters   (--show-secrets shows it)\n"
		"OK well formed\n", NULL},
	{"a PLAIN response with its secret", {BASE64, "--show-secrets", "AHNhbXBsZQBwYXNzd29yZA=="},
		NULL, 0,
		"\\0sample\\0password              16 bytes\n"
		"looks like: AUTH PLAIN response\n"
		"  authzid:  (empty)\n"
		"  user:     sample\n"
		"  password: password\n"
		"OK well formed\n", NULL},
	{"NUL before a digit is \\000", {BASE64, "--show-secrets", "-q", "AHRlc3QAMTIzNA=="}, NULL,
		0, "OK well formed\n", NULL},
	{"a whole line", {BASE64, "-q", "AUTH", "PLAIN", "AHNhbXBsZQBwYXNzd29yZA=="}, NULL, 0,
		"OK well formed\n", NULL},
	{"a prompt in its line", {BASE64, "334 VXNlcm5hbWU6"}, NULL, 0,
		"Username:                       9 bytes\n"
		"looks like: AUTH LOGIN prompt of a server\n"
		"OK well formed\n", NULL},
	{"backslash and zero typed", {BASE64, "dXNlcjAxXDBwYXNzd2Q="}, NULL, 2,
		"user01\\\\0********               14 bytes\n"
		"looks like: AUTH PLAIN response with NUL typed as \\0\n"
		"  user:     user01\n"
		"  password: 6 bytes, lower-case letters   (--show-secrets shows it)\n"
		"CRITICAL not an AUTH PLAIN response: no NUL byte; at offset 6 stand the two\n"
		"  characters \"\\0\" where a NUL byte is meant\n"
		"  means:  what made it wrote the escape as text, not as a NUL byte (certain)\n"
		"  right:  \\0 user01 \\0 ********\n"
		"  next:   b64auth plain -u user01                   [b64-literal-backslash-zero]\n",
		NULL},
	{"a CRAM-MD5 response", {BASE64, "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"},
		NULL, 0,
		"tim ********                    36 bytes\n"
		"looks like: CRAM-MD5 response\n"
		"  user:     tim\n"
		"  digest:   32 bytes, lower-case letters, digits   (--show-secrets shows it)\n"
		"OK well formed\n", NULL},
	{"an XOAUTH2 response",
		{BASE64, "dXNlcj1hQGIuYwFhdXRoPUJlYXJlciB5YTI5LngBAQ=="}, NULL, 0,
		"user=a@b.c\\x01auth=Bearer ********\\x01\\x01  31 bytes\n"
		"looks like: XOAUTH2 response\n"
		"  user:     a@b.c\n"
		"  token:    6 bytes, lower-case letters, digits, punctuation   (--show-secrets\n"
		"            shows it)\n"
		"OK well formed\n", NULL},
	{"the login of a transcript: the password is hidden", {BASE64},
		"AUTH LOGIN\r\n334 VXNlcm5hbWU6\r\ndXNlcg==\r\n334 UGFzc3dvcmQ6\r\ncGFzc3dvcmQ=\r\n"
		"235 ok\r\n", 0,
		"Username:                       9 bytes\n"
		"looks like: AUTH LOGIN prompt of a server\n"
		"OK well formed\n"
		"user                            4 bytes\n"
		"looks like: text, as the user name or password of AUTH LOGIN\n"
		"  user:     user\n"
		"OK well formed\n"
		"Password:                       9 bytes\n"
		"looks like: AUTH LOGIN prompt of a server\n"
		"OK well formed\n"
		"********                        8 bytes\n"
		"looks like: text, as the user name or password of AUTH LOGIN\n"
		"  password: 8 bytes, lower-case letters   (--show-secrets shows it)\n"
		"OK well formed\n", NULL},
	{"escape sequences are not passed on", {BASE64, "G1syShtdMDt4Bw=="}, NULL, 3,
		"\\x1b[2J\\x1b]0;x\\x07             10 bytes\n"
		"UNKNOWN well-formed base64, but no SASL message that is known here\n"
		"  means:  it is a message of another mechanism, or none of a login (possible)\n"
		"  next:   b64auth decode                                           [b64-unknown]\n",
		NULL},
	{"taken apart, as JSON", {BASE64, "--json", "AHNhbXBsZQBwYXNzd29yZA=="}, NULL, 0,
		"{\"type\":\"string\",\"bytes\":16,\"looks_like\":\"AUTH PLAIN response\","
		"\"user\":\"sample\",\"secret\":\"password\",\"secret_bytes\":8,"
		"\"fields\":{}}\n"
		"{\"type\":\"verdict\",\"status\":\"OK\",\"fact\":\"well formed\"}\n"
		"{\"type\":\"result\",\"applet\":\"b64auth\",\"status\":\"OK\",\"exit\":0,"
		"\"perf\":{}}\n", NULL},
	{"compared with -u: perl lost the domain", {BASE64, "-q", "-u", "user@example.com",
		"AHVzZXIuY29tAHBhc3M="}, NULL, 2,
		"CRITICAL the user name is \"user.com\", not \"user@example.com\"\n"
		"  means:  the part behind the @ is missing: perl takes @name in double quotes\n"
		"          for a variable (likely)\n"
		"  right:  \\0 user@example.com \\0 ********\n"
		"  next:   b64auth plain -u user@example.com                    [b64-lost-domain]\n",
		NULL},
	{"an answer in clear is told, and hidden", {BASE64, "-q"},
		"334 VXNlcm5hbWU6\nc2FtcGxl\n334 UGFzc3dvcmQ6\npassword\n", 2,
		"OK well formed\n"
		"OK well formed\n"
		"OK well formed\n"
		"CRITICAL what answers the server's prompt is no base64 of UTF-8 text\n"
		"  means:  user name and password of AUTH LOGIN are sent in base64; this was\n"
		"          typed in clear (likely)\n"
		"  next:   b64auth login -u <user>                               [b64-plain-text]\n",
		NULL},
	{"no string", {BASE64, "AUTH PLAIN"}, NULL, 3, "UNKNOWN no base64 string in this\n"
		"  means:  the string stands behind AUTH and the mechanism, 334 or +, or alone in\n"
		"          a line (certain)\n"
		"  next:   b64auth -d                                                  [b64-none]\n",
		NULL},
	{"an empty string", {BASE64, ""}, NULL, 3, "", "empty"},
	{"a closed input", {BASE64}, NULL, 3, "", "closed"},
	{"the worst of several counts", {BASE64, "-q"}, "dXNlcg==\ndXNl!g==\ndXNlcg==\n", 2,
		"OK well formed\n"
		"CRITICAL not base64: not a base64 digit, at offset 4: \"!\"\n"
		"  means:  it is plain text that was not encoded, or more was copied than the\n"
		"          string (likely)\n"
		"  next:   b64auth plain -u <user>                             [b64-foreign-byte]\n"
		"OK well formed\n", NULL},
};
/* clang-format on */

static void test_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		check_run(&runs[i]);
}

/* The verdict alone: exit code, id, and a word of the fact. */
/* lint: long - a table */
static void test_verdicts(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
		const char *id, *fact;
	} cases[] = {
		{ "one NUL: the first is missing", "c2FtcGxlAHBhc3N3b3Jk", 2, "b64-one-nul",
				"before the user name" },
		{ "one NUL: the second is missing", "AHNhbXBsZXBhc3N3b3Jk", 2, "b64-one-nul",
				"between user name and" },
		{ "Latin-1 password", "AHMAcOQ=", 1, "b64-latin1", "not UTF-8" },
		{ "byte order mark", "77u/AHMAcA==", 2, "b64-bom", "offset 0" },
		{ "smart quotes", "AHMA4oCccOKAnQ==", 1, "b64-smart-quotes", "typographic" },
		{ "a blank behind", "AHMAcHcg", 1, "b64-blank-at-end", "of the password" },
		{ "encoded twice", "QUhOaGJRQndZWE56", 2, "b64-double-encoded", "base64 again" },
		{ "printf '\\0test\\01234'", "AHRlc3QKMzQ=", 2, "b64-octal", "three zeros" },
		{ "echo -ne of dash", "LW5lIAB0ZXN0AHBhc3MK", 2, "b64-echo-option", "echo" },
		{ "echo user", "dXNlcgo=", 1, "b64-line-end", "the text ends in a line end" },
		{ "password with echo", "AHRlc3QAcGFzcwo=", 1, "b64-line-end", "the password" },
		{ "no user", "AABwYXNz", 2, "b64-no-user", "user name is empty" },
		{ "a NUL behind the password", "AHRlc3QAcGFzcwA=", 2, "b64-many-nuls",
				"more than two NUL" },
		{ "no password", "AHRlc3QA", 2, "b64-no-password", "password is empty" },
		{ "pads missing", "AHNhbXBsZQBwYXNzd29yZA", 2, "b64-padding", "at offset 22" },
		{ "blank inside", "Zm9v YmFy", 2, "b64-blank-inside", "offset 4" },
		{ "base64url", "Pz8_Pj4-", 2, "b64-url-alphabet", "offset 3: \"_\"" },
		{ "spare bits", "Zh==", 1, "b64-spare-bits", "offset 1" },
		{ "digit left over", "Zm9vY", 2, "b64-length", "offset 4" },
		{ "plain text", "pass-word!", 2, "b64-url-alphabet", "offset 4" },
		{ "a user name that no shell should see", "AGA7cm0gLXJmYABwYXNzCg==", 1,
				"b64-line-end", "plain -u <user>" },
		{ "a name before the first NUL", "Ym9zcwB0ZXN0AHBhc3M=", 1, "b64-authzid",
				"\"boss" },
		{ "UTF-8 password", "AHMAcMOk", 1, "b64-utf8", "offset 4" },
		{ "Latin-1 user name of LOGIN", "YW5kcuk=", 1, "b64-latin1", "offset 4" },
		{ "a blank behind LOGIN's answer", "dGltIA==", 1, "b64-blank-at-end", "login -u" },
		{ "typographic quotes in CRAM-MD5",
				"4oCcdGlt4oCdIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", 1,
				"b64-smart-quotes", "cram-md5 -u" },
		{ "echo -ne of dash, LOGIN", "LW5lIHVzZXIK", 2, "b64-echo-option", "echo" },
		{ "AUTH PLAIN without NUL", "AUTH PLAIN c2FtcGxlcGFzc3dvcmQ=", 2, "b64-no-nul",
				"plain -u" },
		{ "a token of yesterday",
				"dXNlcj1hQGIuYwFhdXRoPUJlYXJlciBleUpoYkdjaU9pSlNVekkxTmlKOS5leUpoZFdRaU9sc2liV0ZwYkNJc0luZ2lYU3dpWlhod0lqb3hOek0yT1RRd01EQXdmUS5jMmxuYm1GMGRYSmwBAQ==",
				2, "b64-token-expired", "2025-01-15 11:20:00 UTC" },
		{ "wrapped by base64(1)",
				"AHVzZXIAeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
				"eHh4eHh4eHh4\neHh4eA==\n",
				2, "b64-wrapped", "2 lines" },
		{ "wrapped, with CR LF, into three",
				"AHVzZXIAeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4\r\n"
				"eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4\r\n"
				"eHh4eA==\r\n",
				2, "b64-wrapped", "3 lines" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_world f;
		fake_world_init(&f);
		fake_world_stdin(&f, bytes_of(cases[i].text));
		int code = run_applet(&f, (const char *const[]){ "b64auth", "-d", "-q", NULL });
		const char *out = fake_world_out(&f);
		bool is_one = strstr(out, "\nOK") == NULL && strncmp(out, "OK", 2) != 0;
		if (code != cases[i].code || !is_one || !strstr(out, cases[i].id) ||
				!strstr(out, cases[i].fact))
			fail_msg("%s: exit code %d, wanted %d, %s, %s\n%s", cases[i].name, code,
					cases[i].code, cases[i].id, cases[i].fact, out);
		fake_world_free(&f);
	}
}

/* What people type, and what comes of it: one finding, and the string as it should have been. */
/* lint: long - a table */
static void test_traps(void **state)
{
	static const struct {
		const char *name, *text, *user, *password;
		int code;
		const char *id, *right; /* id NULL: none */
	} cases[] = {
		{ "perl -e '\"\\000user@example.com\\000pass\"'", "AHVzZXIuY29tAHBhc3M=", NULL,
				NULL, 1, "b64-lost-domain", NULL },
		{ "the same, with -u", "AHVzZXIuY29tAHBhc3M=", "user@example.com", NULL, 2,
				"b64-lost-domain", "\\0 user@example.com \\0 ********" },
		{ "another user name", "AGJvYgBwYXNz", "test", NULL, 2, "b64-other-user",
				"\\0 test \\0 ********" },
		{ "perl -e '\"\\0user\\0pa$$word\"'", "AHRlc3QAcGE=", "test", "pa$$word", 2,
				"b64-other-password", "\\0 test \\0 ********" },
		{ "printf '\\0test\\01234'", "AHRlc3QKMzQ=", "test", "1234", 2, "b64-octal",
				"\\0 test \\0 ********" },
		{ "the same, nothing given", "AHRlc3QKMzQ=", NULL, NULL, 2, "b64-octal", NULL },
		{ "echo -ne '\\0test\\0pass' in dash", "LW5lIAB0ZXN0AHBhc3MK", NULL, NULL, 2,
				"b64-echo-option", "\\0 test \\0 ********" },
		{ "echo -e in dash", "LWUgAHRlc3QAcGFzcwo=", NULL, NULL, 2, "b64-echo-option",
				"\\0 test \\0 ********" },
		{ "echo user | base64", "dXNlcgo=", NULL, NULL, 1, "b64-line-end", "user" },
		{ "a CR behind the user name of LOGIN", "dXNlcg0=", NULL, NULL, 1, "b64-line-end",
				"user" },
		{ "a line end behind the password", "AHRlc3QAcGFzcwo=", NULL, NULL, 1,
				"b64-line-end", "\\0 test \\0 ********" },
		{ "a line end behind the user name", "AHRlc3QNCgBwYXNz", NULL, NULL, 1,
				"b64-line-end", "\\0 test \\0 ********" },
		{ "a line end behind a token", "dXNlcj10ZXN0AWF1dGg9QmVhcmVyIHRvawoBAQ==", NULL,
				NULL, 1, "b64-line-end",
				"user=test\\x01auth=Bearer ********\\x01\\x01" },
		{ "printf '\\0te%st' as the format", "AHRldABwYXNz", "te%st", NULL, 2,
				"b64-other-user", "\\0 te%st \\0 ********" },
		{ "wrapped at 76",
				"AHRlc3QAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw\ncHBwcHBwcHBwcHBwcHBwcHBwcA==\n",
				NULL, NULL, 2, "b64-wrapped", "\\0 test \\0 ********" },
		{ "wrapped behind AUTH PLAIN",
				"AUTH PLAIN AHRlc3QAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw\ncHBwcHBwcHBwcHBwcHBwcHBwcA==\n535 no\n",
				NULL, NULL, 2, "b64-wrapped", "\\0 test \\0 ********" },
		{ "the first of the lines at 76",
				"AHRlc3QAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw",
				NULL, NULL, 1, "b64-cut", NULL },
		{ "the first of the lines at 64",
				"AHRlc3QAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw",
				NULL, NULL, 1, "b64-cut", NULL },
		{ "a token cut off", "dXNlcj10ZXN0AWF1dGg9QmVhcmVyIHRvaw==", NULL, NULL, 2,
				"b64-cut", "user=test\\x01auth=Bearer ********\\x01\\x01" },
		{ "one NUL: the first is missing", "dGVzdABwYXNz", NULL, NULL, 2, "b64-one-nul",
				"\\0 test \\0 ********" },
		{ "one NUL: the second is missing", "AHRlc3RwYXNz", "test", NULL, 2, "b64-one-nul",
				"\\0 test \\0 ********" },
		{ "no NUL at all", "dGVzdHBhc3M=", "test", NULL, 2, "b64-no-nul",
				"\\0 test \\0 ********" },
		{ "AUTH PLAIN without NUL", "AUTH PLAIN dGVzdHBhc3M=", NULL, NULL, 2, "b64-no-nul",
				NULL },
		{ "backslash and zero", "XDB0ZXN0XDBwYXNz", NULL, NULL, 2,
				"b64-literal-backslash-zero", "\\0 test \\0 ********" },
		{ "backslash and three zeros", "XDAwMHRlc3RcMDAwcGFzcw==", NULL, NULL, 2,
				"b64-literal-backslash-zero", "\\0 test \\0 ********" },
		{ "\\x00", "XHgwMHRlc3RceDAwcGFzcw==", NULL, NULL, 2, "b64-literal-backslash-zero",
				"\\0 test \\0 ********" },
		{ "a NUL too many", "AHRlc3QAcGFzcwA=", NULL, NULL, 2, "b64-many-nuls",
				"\\0 test \\0 ********" },
		{ "base64url", "AHRlc3QAcMO_w74_Pg==", NULL, NULL, 2, "b64-url-alphabet",
				"\\0 test \\0 ********" },
		{ "a pad missing", "AHRlc3QAcGFzcw", NULL, NULL, 2, "b64-padding",
				"\\0 test \\0 ********" },
		{ "a pad too many", "AHRlc3QAcGFzcw===", NULL, NULL, 2, "b64-padding",
				"\\0 test \\0 ********" },
		{ "a pad in the middle", "AHRl=c3QAcGFzcw==", NULL, NULL, 2, "b64-padding", NULL },
		{ "a digit lost", "AHRlc3QAcGFzc3d", NULL, NULL, 2, "b64-padding", NULL },
		{ "a blank inside", "AHRlc3 QAcGFzcw==", NULL, NULL, 2, "b64-blank-inside",
				"\\0 test \\0 ********" },
		{ "a foreign character", "AHRlc3QA*GFzcw==", NULL, NULL, 2, "b64-foreign-byte",
				NULL },
		{ "the last digit mistyped", "AHRlc3QAcGFzcx==", NULL, NULL, 1, "b64-spare-bits",
				"\\0 test \\0 ********" },
		{ "a name before the first NUL", "Ym9zcwB0ZXN0AHBhc3M=", NULL, NULL, 1,
				"b64-authzid", "\\0 test \\0 ********" },
		{ "UTF-8", "AHRlc3QAcMOkc3M=", NULL, NULL, 1, "b64-utf8", NULL },
		{ "Latin-1", "AHRlc3QAcORzcw==", NULL, NULL, 1, "b64-latin1", NULL },
		{ "the no-break space of a web page", "AHRlc3QAcGFzc8Kg", NULL, NULL, 1, "b64-utf8",
				NULL },
		{ "typographic quotes", "AHRlc3QA4oCccGFzc+KAnQ==", NULL, NULL, 1,
				"b64-smart-quotes", NULL },
		{ "a byte order mark", "77u/AHRlc3QAcGFzcw==", NULL, NULL, 2, "b64-bom",
				"\\0 test \\0 ********" },
		{ "a blank behind the password", "AHRlc3QAcGFzcyA=", NULL, NULL, 1,
				"b64-blank-at-end", "\\0 test \\0 ********" },
		{ "a blank before the user name", "ACB0ZXN0AHBhc3M=", NULL, NULL, 1,
				"b64-blank-at-end", "\\0 test \\0 ********" },
		{ "a blank that belongs to it", "AHRlc3QAcGFzcyA=", "test", "pass ", 0, NULL,
				NULL },
		{ "encoded twice", "QUhSbGMzUUFjR0Z6Y3c9PQ==", NULL, NULL, 2, "b64-double-encoded",
				"\\0 test \\0 ********" },
		{ "typed in clear", "334 VXNlcm5hbWU6\ntest user\n", NULL, NULL, 2,
				"b64-plain-text", NULL },
		{ "AUTH LOGIN with the name in clear", "AUTH LOGIN test\n", NULL, NULL, 2,
				"b64-plain-text", NULL },
		{ "another user name in LOGIN", "AUTH LOGIN\nYm9i\n", "test", NULL, 2,
				"b64-other-user", "test" },
		{ "no user name", "AABwYXNz", "test", NULL, 2, "b64-no-user",
				"\\0 test \\0 ********" },
		{ "no password", "AHRlc3QA", NULL, "pass", 2, "b64-no-password",
				"\\0 test \\0 ********" },
		{ "a challenge that is not here",
				"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", NULL, "x", 0,
				NULL, NULL },
	};

	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *args[ARGS_MAX] = { "b64auth", "-d", "-q", "--stable" };
		char id[64], right[100];
		struct fake_world f;
		size_t n = 4;
		if (cases[i].user) {
			args[n++] = "-u";
			args[n++] = cases[i].user;
		}
		if (cases[i].password) {
			args[n++] = "-p";
			args[n++] = cases[i].password;
		}
		snprintf(id, sizeof(id), "[%s]", cases[i].id ? cases[i].id : "");
		snprintf(right, sizeof(right), "  right:  %s\n",
				cases[i].right ? cases[i].right : "");
		fake_world_init(&f);
		fake_world_stdin(&f, bytes_of(cases[i].text));
		int code = run_applet(&f, args);
		const char *out = fake_world_out(&f);
		bool has_id = cases[i].id ? strstr(out, id) != NULL : strchr(out, '[') == NULL;
		bool has_right = cases[i].right ? strstr(out, right) != NULL :
						  strstr(out, "right:") == NULL;
		bool has_next = !cases[i].id || strstr(out, "  next:   ");
		if (code != cases[i].code || !has_id || !has_right || !has_next)
			(print_error("%s: exit code %d, wanted %d, %s, %s\n%s", cases[i].name, code,
					 cases[i].code, id, right, out),
					bad++);
		fake_world_free(&f);
	}
	assert_int_equal(bad, 0);
}

/* Captured exchanges against a password: the right one, a wrong one. */
static const struct {
	const char *name, *text, *password;
	int compared; /* messages */
	const char *secret;
} captured[] = {
	{ "PLAIN",
			"AUTH PLAIN AHRpbQB0YW5zdGFhZg==\n"
			"235 ok\n",
			"tanstaaf", 1, "password" },
	{ "LOGIN",
			"AUTH LOGIN\n"
			"334 VXNlcm5hbWU6\n"
			"dGlt\n"
			"334 UGFzc3dvcmQ6\n"
			"dGFuc3RhYWY=\n"
			"235 ok\n",
			"tanstaaf", 1, "password" },
	{ "XOAUTH2", "AUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIHRvawEB\n", "tok", 1, "token" },
	{ "CRAM-MD5, RFC 2195 2",
			"AUTH CRAM-MD5\n"
			"334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\n"
			"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\n"
			"235 ok\n",
			"tanstaaftanstaaf", 1, "digest" },
	{ "APOP, RFC 1939 7",
			"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\n"
			"APOP mrose c4c9334bac560ecc979e58001b3e22fb\n"
			"+OK in\n",
			"tanstaaf", 1, "digest" },
	{ "DIGEST-MD5, RFC 2831 4",
			"a1 AUTHENTICATE DIGEST-MD5\n"
			"+ cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9w"
			"PSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==\n"
			"Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY2"
			"9tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZW"
			"cVRyUmsiLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9ZD"
			"M4OGRhZDkwZDRiYmQ3NjBhMTUyMzIxZjIxNDNhZjcscW9wPWF1dGg=\n"
			"+ cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==\n"
			"\n"
			"a1 OK in\n",
			"secret", 2, "digest" },
	{ "SCRAM-SHA-1, RFC 5802 5",
			"AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM\n"
			"334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUi"
			"tRNnNlazhiZjkyLGk9NDA5Ng==\n"
			"Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9dj"
			"BYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==\n"
			"334 dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9\n"
			"\n"
			"235 ok\n",
			"pencil", 2, "proof" },
	{ "SCRAM-SHA-256, RFC 7677 3",
			"AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=\n"
			"334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMC"
			"xzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=\n"
			"Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObE"
			"YkazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==\n"
			"334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==\n"
			"\n"
			"235 ok\n",
			"pencil", 2, "proof" },
	{ "NTLM, MS-NLMP 4.2.4",
			"AUTH NTLM\n"
			"334\n"
			"TlRMTVNTUAABAAAAB4IIAAAAAAAAAAAAAAAAAAAAAAA=\n"
			"334 TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFw"
			"AAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA=\n"
			"TlRMTVNTUAADAAAAGAAYAGwAAABUAFQAhAAAAAwADABIAAAACAAIAFQAAAAQABAAXAAAABAAEA"
			"DYAAAANYKI4gUBKAoAAAAPRABvAG0AYQBpAG4AVQBzAGUAcgBDAE8ATQBQAFUAVABFAFIAhsNQ"
			"l6yc7BAlVHZKV8zMGaqqqqqqqqqqaM0KuFHlHJaqvJJ76+9qHAEBAAAAAAAAAAAAAAAAAACqqq"
			"qqqqqqqgAAAAACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAAAAAAAxdrSVE/J"
			"eZCUzhzpC8nQPg==\n"
			"235 ok\n",
			"Password", 1, "message" },
};

static int count(const char *text, const char *what)
{
	int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void check_captured(size_t i, bool is_right)
{
	struct fake_world f;

	fake_world_init(&f);
	fake_world_stdin(&f, bytes_of(captured[i].text));
	int code = run_applet(&f,
			(const char *const[]){ "b64auth", "-d", "-q", "-p",
					is_right ? captured[i].password : "wrong", NULL });
	const char *out = fake_world_out(&f);
	int proofs = count(out, "the server's proof is right");
	int good = proofs + count(out, "is the one of the password given");
	int bad = count(out, "b64-other-password") + count(out, "b64-other-digest") +
			count(out, "b64-other-proof");
	if (code != (is_right ? 0 : 2) || good != (is_right ? captured[i].compared : 0) ||
			bad != (is_right ? 0 : captured[i].compared) ||
			(!is_right && !strstr(out, captured[i].secret)))
		fail_msg("%s: exit code %d\n%s", captured[i].name, code, out);
	fake_world_free(&f);
}

static void test_captured_exchanges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(captured) / sizeof(captured[0]); i++) {
		check_captured(i, true);
		check_captured(i, false);
	}
}

/* What stands in a message beside names and secrets. */
static void test_fields(void **state)
{
	static const struct {
		const char *name, *text, *shown[5];
	} cases[] = {
		{ "SCRAM: the server's first", "cj1hYmMzcmZjLHM9UVNYQ1IrUTZzZWs4YmY5MixpPTQwOTY=",
				{ "  nonce:    abc3rfc\n", "  salt:     QSXCR+Q6sek8bf92\n",
						"  rounds:   4096\n" } },
		{ "SCRAM: the client's last",
				"Yz1iaXdzLHI9YWJjM3JmYyxwPWRIemJaYXBXSWs0alVoTitVdGU5eXRhZzl6amZNSGdzcW1taXo3QW5kVlE9",
				{ "  proof:    44 bytes", "  binding:  biws\n" } },
		{ "SCRAM: the client's first", "biwsbj11c2VyLHI9ck9wck5HZndFYmVS",
				{ "  user:     user\n", "  nonce:    rOprNGfwEbeR\n" } },
		{ "SCRAM: the server's error",
				"ZT1vdGhlci1lcnJvcg==", { "  error:    other-error\n" } },
		{ "DIGEST-MD5: a comma inside quotes",
				"cmVhbG09ImEsYiIsbm9uY2U9Ik9BNk0iLGFsZ29yaXRobT1tZDUtc2Vzcw==",
				{ "  realm:    a,b\n", "  algorithm: md5-sess\n" } },
		{ "DIGEST-MD5: response",
				"dXNlcm5hbWU9ImNocmlzIixub25jZT0iT0E2TSIsbmM9MDAwMDAwMDEsZGlnZXN0LXVyaT0iaW1hcC9lIixyZXNwb25zZT1kMzg4ZGFkOTBkNGJiZDc2MGExNTIzMjFmMjE0M2FmNyxxb3A9YXV0aA==",
				{ "  nc:       00000001\n", "  digest-uri: imap/e\n",
						"  digest:   32 bytes" } },
		{ "NTLM: challenge",
				"TlRMTVNTUAACAAAADAAMADgAAAAzgokCASNFZ4mrze8AAAAAAAAAAAAAAABEAAAAAAAAAAAAAABEAE8ATQBBAEkATgA=",
				{ "  type:     2, flags 0x02898233\n", "  target:   DOMAIN\n",
						"  challenge: 0123456789abcdef\n" } },
		{ "NTLM: the answer is hidden",
				"TlRMTVNTUAADAAAAAAAAAEAAAAAsACwAQAAAAAwADABsAAAABgAGAHgAAAAAAAAAfgAAAAAAAAB+AAAAAQAAAEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBRABPAE0AQQBJAE4AYgBvAGIA",
				{ "********", "  domain:   DOMAIN\n", "  user:     bob\n",
						"  answer:   NTLMv2\n" } },
		{ "an OAuth error",
				"eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJtYWlsIn0=",
				{ "  status:   401\n", "  scope:    mail\n" } },
		{ "a web token",
				"bixhPWFAYi5jLAFob3N0PW0uYi5jAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIGV5SmhiR2NpT2lKU1V6STFOaUo5LmV5SmhkV1FpT2xzaWJXRnBiQ0lzSW5naVhTd2laWGh3SWpveE9UazVPVGs1T1RrNWZRLmMybG5ibUYwZFhKbAEB",
				{ "  host:     m.b.c\n", "  port:     587\n",
						"  aud:      \\\"mail\\\",\\\"x\\\"\n",
						"  exp:      1999999999, 2033-05-18 03:33:19 UTC\n",
						"OK well formed" } },
		{ "a token that is none", "dXNlcj1hQGIuYwFhdXRoPUJlYXJlciB5YTI5LmEuYgEB",
				{ "OK well formed" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_world f;
		fake_world_init(&f);
		fake_world_stdin(&f, bytes_of(cases[i].text));
		run_applet(&f, (const char *const[]){ "b64auth", "-d", NULL });
		for (size_t k = 0; k < 5 && cases[i].shown[k]; k++)
			if (!strstr(fake_world_out(&f), cases[i].shown[k]))
				fail_msg("%s: no \"%s\" in\n%s", cases[i].name, cases[i].shown[k],
						fake_world_out(&f));
		fake_world_free(&f);
	}
}

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		enum b64auth_kind kind;
		unsigned mech;
		const char *text;
	} cases[] = {
		{ "AHNhbXBsZQBwYXNzd29yZA==", B64AUTH_WORD, 0, "AHNhbXBsZQBwYXNzd29yZA==" },
		{ "  eA==\t", B64AUTH_WORD, 0, "eA==" },
		{ "   ", B64AUTH_WORD, 0, "" },
		{ "AUTH PLAIN eA==", B64AUTH_COMMAND, SASL_PLAIN, "eA==" },
		{ "auth plain", B64AUTH_COMMAND, SASL_PLAIN, "" },
		{ "AUTH EXTERNAL =", B64AUTH_COMMAND, SASL_EXTERNAL, "" },
		{ "AUTH LOGIN user", B64AUTH_COMMAND, SASL_LOGIN, "user" },
		{ "AUTH PLAIN eA== eA==", B64AUTH_COMMAND, SASL_PLAIN, "eA== eA==" },
		{ "a1 AUTHENTICATE PLAIN eA==", B64AUTH_COMMAND, SASL_PLAIN, "eA==" },
		{ "AUTHENTICATE PLAIN", B64AUTH_COMMAND, SASL_PLAIN, "" },
		{ "C: AUTH CRAM-MD5 dGltIGI5", B64AUTH_COMMAND, SASL_CRAM_MD5, "dGltIGI5" },
		{ "[12] C: AUTH LOGIN", B64AUTH_COMMAND, SASL_LOGIN, "" },
		{ " ~> AUTH LOGIN", B64AUTH_COMMAND, SASL_LOGIN, "" },
		{ "AUTH PLAIN LOGIN CRAM-MD5", B64AUTH_WORDS, 0, "AUTH PLAIN LOGIN CRAM-MD5" },
		{ "AUTH GSSAPI x", B64AUTH_WORDS, 0, "AUTH GSSAPI x" },
		{ "334 VXNlcm5hbWU6", B64AUTH_CHALLENGE, 0, "VXNlcm5hbWU6" },
		{ "334 ", B64AUTH_CHALLENGE, 0, "" },
		{ "334 what ever?", B64AUTH_CHALLENGE, 0, "what ever?" },
		{ "S: 334 UGFzc3dvcmQ6", B64AUTH_CHALLENGE, 0, "UGFzc3dvcmQ6" },
		{ "<-  334 UGFzc3dvcmQ6", B64AUTH_CHALLENGE, 0, "UGFzc3dvcmQ6" },
		{ "< + UGFzc3dvcmQ6", B64AUTH_CHALLENGE, 0, "UGFzc3dvcmQ6" },
		{ "+", B64AUTH_CHALLENGE, 0, "" },
		{ "+OK POP3 ready <1.2@mail.example.com>", B64AUTH_STAMP, 0,
				"<1.2@mail.example.com>" },
		{ "+OK", B64AUTH_STATUS, 0, "+OK" },
		{ "APOP mrose 00ff", B64AUTH_APOP, 0, "mrose 00ff" },
		{ "250-AUTH PLAIN LOGIN", B64AUTH_STATUS, 0, "250-AUTH PLAIN LOGIN" },
		{ "235 ok", B64AUTH_STATUS, 0, "235 ok" },
		{ "535", B64AUTH_STATUS, 0, "535" },
		{ "-ERR [AUTH] no", B64AUTH_STATUS, 0, "-ERR [AUTH] no" },
		{ "a1 NO [AUTHENTICATIONFAILED] no", B64AUTH_STATUS, 0,
				"a1 NO [AUTHENTICATIONFAILED] no" },
		{ "* OK ready", B64AUTH_STATUS, 0, "* OK ready" },
		{ "*", B64AUTH_STATUS, 0, "*" },
		{ "PASS cGFzc3dvcmQ=", B64AUTH_STATUS, 0, "PASS cGFzc3dvcmQ=" },
		{ "a1 LOGIN sample cGFzc3dvcmQ=", B64AUTH_STATUS, 0,
				"a1 LOGIN sample cGFzc3dvcmQ=" },
		{ "2350", B64AUTH_WORD, 0, "2350" },
		{ "EHLO client1", B64AUTH_WORDS, 0, "EHLO client1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct b64auth_line line;
		b64auth_read_line(bytes_of(cases[i].line), &line);
		if (line.kind != cases[i].kind || line.mech != cases[i].mech ||
				!bytes_equal(line.text, bytes_of(cases[i].text)))
			fail_msg("\"%s\": kind %d, mech %x, \"%.*s\"", cases[i].line, line.kind,
					line.mech, (int)line.text.n, (const char *)line.text.p);
	}
}

static void test_find(void **state)
{
	static const struct {
		const char *line, *found, *strict;
	} cases[] = {
		{ "warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
				"UGFzc3dvcmQ6", "UGFzc3dvcmQ6" },
		{ "SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=sample",
				"UGFzc3dvcmQ6", "UGFzc3dvcmQ6" },
		{ "Authorization: Bearer eyJhIjoxfQ.eyJiIjoyfQ.c2ln", "eyJhIjoxfQ.eyJiIjoyfQ.c2ln",
				"eyJhIjoxfQ.eyJiIjoyfQ.c2ln" },
		{ "sent AHNhbXBsZQBwYXNzd29yZA", "AHNhbXBsZQBwYXNzd29yZA", "" },
		{ "Zm9v YmF1YQ==", "Zm9v YmF1YQ==", "Zm9v" },
		{ "they sent YmF1YQ== and Zm9v", "YmF1YQ==", "YmF1YQ==" },
		{ "AHNhbXBs ZQBwYXNzd29yZA=", "AHNhbXBs ZQBwYXNzd29yZA=", "AHNhbXBs" },
		{ "250 SIZE 10240000 8BITMIME STARTTLS POP3 IMAP4rev1", "IMAP4rev1", "" },
		{ "Nov 29 06:00:01 mail postfix/smtpd[1234]: connect", "", "" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int is_strict = 0; is_strict < 2; is_strict++) {
			const char *wanted = is_strict ? cases[i].strict : cases[i].found;
			struct bytes found = b64auth_find(bytes_of(cases[i].line), is_strict);
			if (!bytes_equal(found, bytes_of(wanted)))
				fail_msg("\"%s\": found \"%.*s\", wanted \"%s\"", cases[i].line,
						(int)found.n, (const char *)found.p, wanted);
		}
}

/* Whatever is taken apart: without --show-secrets the password is nowhere, in no form. */
static void test_no_output_holds_the_password(void **state)
{
	static const char *const strings[] = {
		"AHNhbXBsZQBjYW5hcnk3",     /* \0sample\0canary7 */
		"AHNhbXBsZQBjYW5hcnk3Cg==", /* with a line end */
		"AHNhbXBsZQBjYW5hcnk3CgAA", /* too many NULs */
		"c2FtcGxlAGNhbmFyeTc=",     /* sample\0canary7 */
		"AHNhbXBsZWNhbmFyeTc=",     /* \0samplecanary7 */
		"c2FtcGxlXDBjYW5hcnk3",     /* sample, backslash, 0, canary7 */
		"AHNhbXBsZQBjYW5hcnk3\nAHNhbXBsZQBjYW5hcnk3!\n",
		"AHNhbXBsZQBjYW5hcnk3!", /* decodes until its fault */
		"334 UGFzc3dvcmQ6\nY2FuYXJ5Nw==\n",
		"c2FtcGxl\nY2FuYXJ5Nw==\n",                 /* LOGIN's two answers */
		"dXNlcj1hAWF1dGg9QmVhcmVyIGNhbmFyeTcBAQ==", /* a token */
		"dXNlcj1hAWF1dGg9QmVhcmVyIGUzMC5leUpoZFdRaU9pSmhJbjAuY2FuYXJ5NwEB", /* a signature */
		"334 UGFzc3dvcmQ6\ncanary7\n", /* typed in clear */
		"334 UGFzc3dvcmQ6\nmy canary7\n",
		"AUTH LOGIN\n334 VXNlcm5hbWU6\n\nc2FtcGxl\n\n334 UGFzc3dvcmQ6\n\nY2FuYXJ5Nw==\n",
		"AUTH LOGIN c2FtcGxl\n334 UGFzc3dvcmQ6\nY2FuYXJ5Nw==\n",
		"AUTH LOGIN\nc2FtcGxl\n\nY2FuYXJ5Nw==\nY2FuYXJ5Nw==\n", "PASS Y2FuYXJ5Nw==\n",
		"a1 LOGIN sample Y2FuYXJ5Nw==\n", "eyJhIjoxfQ.eyJiIjoyfQ.canary7",
		"UVVoT2FHSllRbk5hVVVKcVdWYzFhR051YXpNPQ==",
		"QUhOaGJYQnNaUUJqWVc1aGNuazM=", /* encoded again, and again */
	};
	static const char *const options[] = { "-v", "-q", "--json", "--nagios", "--stable",
		"-usample" };

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		for (size_t o = 0; o < sizeof(options) / sizeof(options[0]); o++) {
			struct fake_world f;
			fake_world_init(&f);
			fake_world_stdin(&f, bytes_of(strings[i]));
			run_applet(&f, (const char *const[]){ "b64auth", "-d", options[o], NULL });
			if (strstr(fake_world_out(&f), "canary7") ||
					strstr(fake_world_err(&f), "canary7") ||
					strstr(fake_world_out(&f), "YW5hcnk3") ||
					strstr(fake_world_out(&f), "WVc1aGNuazM"))
				fail_msg("%s %s: %s", options[o], strings[i], fake_world_out(&f));
			fake_world_free(&f);
		}
}

static void test_show_secrets_tells_nul_from_octal(void **state)
{
	struct fake_world f;

	(void)state;
	fake_world_init(&f);
	fake_world_stdin(&f, BYTES("AHRlc3QAMTIzNA=="));
	assert_int_equal(run_applet(&f,
					 (const char *const[]){ "b64auth", "-d", "--show-secrets",
							 NULL }),
			0);
	assert_non_null(strstr(fake_world_out(&f), "\\0test\\0001234  "));
	fake_world_free(&f);
}

static void test_output_that_is_lost_is_told(void **state)
{
	static const char *const jobs[] = { "encode", "decode", "-d" };

	(void)state;
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		struct fake_world f;
		fake_world_init(&f);
		fake_world_stdin(&f, BYTES("eA=="));
		f.w.out.failed = true;
		assert_int_equal(run_applet(&f, (const char *const[]){ "b64auth", jobs[i], NULL }),
				3);
		fake_world_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_traps),
		cmocka_unit_test(test_captured_exchanges),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_no_output_holds_the_password),
		cmocka_unit_test(test_show_secrets_tells_nul_from_octal),
		cmocka_unit_test(test_output_that_is_lost_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
