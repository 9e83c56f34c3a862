/* dns_files - what resolv.conf and the hosts file say
 * SPDX-License-Identifier: MIT */
#include "net/dns.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_S = 5, TIMEOUT_MAX_S = 30, ATTEMPTS = 2, ATTEMPTS_MAX = 5 }; /* resolv.conf(5) */

static bool to_text(struct bytes in, char *out, size_t size)
{
	if (in.n == 0 || in.n >= size || memchr(in.p, '\0', in.n))
		return false;
	memcpy(out, in.p, in.n);
	out[in.n] = '\0';
	return true;
}

/* The next line with something in it, without its comment. */
static bool next_line(struct bytes *file, struct bytes *line)
{
	while (bytes_line(file, line)) {
		*line = bytes_trim(bytes_head(*line, bytes_find(*line, '#')));
		if (line->n > 0 && line->p[0] != ';')
			return true;
	}
	return false;
}

static void add_server(struct dns_conf *conf, struct bytes word)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (conf->server_count < DNS_SERVERS_MAX && to_text(word, text, sizeof(text)) &&
			addr_parse(&a, text, 53, NULL))
		conf->servers[conf->server_count++] = a;
}

static void set_option(struct dns_conf *conf, struct bytes word)
{
	static const struct bytes timeout = { (const unsigned char *)"timeout:", 8 };
	static const struct bytes attempts = { (const unsigned char *)"attempts:", 9 };
	uint64_t value;

	if (bytes_starts(word, timeout) &&
			bytes_is_uint(bytes_skip(word, timeout.n), TIMEOUT_MAX_S, &value))
		conf->timeout_s = value ? (unsigned)value : 1;
	if (bytes_starts(word, attempts) &&
			bytes_is_uint(bytes_skip(word, attempts.n), ATTEMPTS_MAX, &value))
		conf->attempts = value ? (unsigned)value : 1;
}

void dns_conf_parse(struct dns_conf *conf, struct bytes file)
{
	struct bytes line, key, word;

	*conf = (struct dns_conf){ .timeout_s = TIMEOUT_S, .attempts = ATTEMPTS };
	while (next_line(&file, &line)) {
		bytes_word(&line, &key);
		bool is_search = bytes_equal(key, BYTES("search")) ||
				bytes_equal(key, BYTES("domain"));
		if (is_search) /* the last one counts */
			conf->search_count = 0;
		while (bytes_word(&line, &word)) {
			if (bytes_equal(key, BYTES("nameserver")))
				add_server(conf, word);
			else if (bytes_equal(key, BYTES("options")))
				set_option(conf, word);
			else if (is_search && conf->search_count < DNS_SEARCH_MAX &&
					to_text(word, conf->search[conf->search_count],
							ADDR_HOST_MAX))
				conf->search_count++;
		}
	}
	if (conf->server_count == 0)
		add_server(conf, BYTES("127.0.0.1"));
}

static bool line_names(struct bytes line, struct bytes host)
{
	struct bytes word;

	while (bytes_word(&line, &word))
		if (bytes_equal_nocase(word, host))
			return true;
	return false;
}

bool dns_hosts_find(struct bytes file, const char *host, unsigned port, int family,
		struct addr_list *list)
{
	struct bytes line, word, name = bytes_of(host);
	char text[ADDR_TEXT_MAX];
	struct addr a;
	bool found = false;

	if (name.n > 0 && name.p[name.n - 1] == '.')
		name.n--;
	while (list->count < ADDR_LIST_MAX && next_line(&file, &line)) {
		bytes_word(&line, &word);
		if (!line_names(line, name) || !to_text(word, text, sizeof(text)) ||
				!addr_parse(&a, text, port, NULL))
			continue;
		if (family != AF_UNSPEC && family != a.sa.ss_family)
			continue;
		list->at[list->count++] = a;
		found = true;
	}
	return found;
}
