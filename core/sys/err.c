/* err - why a step of ours failed
 * SPDX-License-Identifier: MIT */
#include "sys/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *e, enum err_kind kind, const char *format, ...)
{
	va_list args;

	if (!e)
		return false;
	*e = (struct err){ .kind = kind };
	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	return false;
}

bool err_sys(struct err *e, enum err_kind kind, int number, const char *format, ...)
{
	va_list args;

	if (!e)
		return false;
	*e = (struct err){ .kind = kind, .sys_errno = number };
	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	size_t n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror(number));
	return false;
}

bool err_wrap(struct err *e, const char *format, ...)
{
	char inner[ERR_TEXT_MAX];
	va_list args;

	if (!e)
		return false;
	memcpy(inner, e->text, sizeof(inner));
	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	size_t n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", inner);
	return false;
}

enum err_kind err_kind_of(int number)
{
	switch (number) {
	case 0:
		return ERR_NONE;
	case ECONNREFUSED:
		return ERR_REFUSED;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		return ERR_RESET;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case EHOSTDOWN:
	case ENETDOWN:
	case EACCES: /* a local firewall's REJECT on output */
	case EPERM:
		return ERR_UNREACHABLE;
	default:
		return ERR_LOCAL;
	}
}

const char *err_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_USAGE] = "usage",
		[ERR_LOCAL] = "local",
		[ERR_RESOLVE] = "resolve",
		[ERR_DNS] = "dns",
		[ERR_REFUSED] = "refused",
		[ERR_UNREACHABLE] = "unreachable",
		[ERR_TIMEOUT] = "timeout",
		[ERR_RESET] = "reset",
		[ERR_CLOSED] = "closed",
		[ERR_PROTOCOL] = "protocol",
		[ERR_EXCHANGE] = "exchange",
		[ERR_TLS] = "tls",
		[ERR_CERT] = "cert",
		[ERR_POLICY] = "policy",
	};

	return names[kind];
}
