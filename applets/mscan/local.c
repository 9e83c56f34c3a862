/* local - what listens on this machine
 * SPDX-License-Identifier: MIT */
#include "applets/mscan/local.h"

#include "applets/mscan/targets.h"
#include "net/stream.h"
#include "sys/file.h"
#include "sys/mem.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TABLE_MAX = 16 * 1024 * 1024, /* /proc/net/tcp of a busy host */
	RULES_MAX = 1024 * 1024,
	RULES_MS = 3000,
	LISTENERS_MAX = 4096,
};

/* --- sockets --- */

static bool add_table(struct local *l, const char *path)
{
	struct buf file = BUF(TABLE_MAX);
	bool ok = file_read(path, &file, NULL) || file.n > 0;
	struct bytes rest = buf_bytes(&file), line;
	struct procnet_row row;

	while (bytes_line(&rest, &line) && l->count < LISTENERS_MAX)
		if (procnet_read(line, &row) && row.state == PROCNET_LISTEN)
			l->at[l->count++] = (struct local_listener){ .row = row };
	buf_free(&file);
	return ok;
}

/* The process that has the socket, when this is it: "socket:[12345]". */
static void name_listener(struct local *l, const char *link, const char *process)
{
	unsigned long long inode;
	char *end;

	if (strncmp(link, "socket:[", 8) != 0)
		return;
	inode = strtoull(link + 8, &end, 10);
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i].row.inode == inode && !l->at[i].process[0])
			snprintf(l->at[i].process, sizeof(l->at[i].process), "%s", process);
}

static void look_into(struct local *l, const char *pid)
{
	struct buf path = BUF(300), name = BUF(32);
	const struct dirent *item;
	char link[64];

	buf_printf(&path, "/proc/%s/comm", pid);
	file_read(buf_text(&path), &name, NULL);
	while (name.n > 0 && name.p[name.n - 1] == '\n')
		name.n--;
	buf_clear(&path);
	buf_printf(&path, "/proc/%s/fd", pid);
	DIR *d = opendir(buf_text(&path));
	while (d && (item = readdir(d))) {
		buf_clear(&path);
		buf_printf(&path, "/proc/%s/fd/%s", pid, item->d_name);
		ssize_t n = readlink(buf_text(&path), link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		name_listener(l, link, buf_text(&name));
	}
	if (d)
		closedir(d);
	buf_free(&path);
	buf_free(&name);
}

static void name_listeners(struct local *l)
{
	const struct dirent *item;
	DIR *d = opendir("/proc");

	while (d && (item = readdir(d)))
		if (item->d_name[0] >= '1' && item->d_name[0] <= '9')
			look_into(l, item->d_name);
	if (d)
		closedir(d);
}

/* --- firewall --- */

static bool read_rules(struct local *l, struct world *w, const char *command)
{
	struct err e;
	struct stream *s = stream_exec(w, command, &e);
	uint64_t until = w->mono_ms(w) + RULES_MS;
	enum io io = IO_OK;

	buf_clear(&l->rules);
	while (s && (io = stream_read(s, &l->rules, until, &e)) == IO_OK)
		;
	stream_close(s);
	return s && io == IO_CLOSED && l->rules.n > 0;
}

static void read_firewall(struct local *l, struct world *w)
{
	static const char *const places[] = { "/usr/sbin", "/sbin", "/usr/bin" };
	static const char *const tools[] = { "nft list ruleset", "iptables-save" };
	struct buf command = BUF(100);

	l->rules = BUF(RULES_MAX);
	if (geteuid() != 0) {
		l->why_not = "only root may see the rules";
		return;
	}
	l->why_not = "neither nft nor iptables tells any";
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]) && !l->knows_firewall; i++)
		for (size_t k = 0; k < sizeof(places) / sizeof(places[0]); k++) {
			buf_clear(&command);
			buf_printf(&command, "%s/%.*s", places[k], (int)strcspn(tools[i], " "),
					tools[i]);
			if (access(buf_text(&command), X_OK) != 0)
				continue;
			buf_puts(&command, tools[i] + strcspn(tools[i], " "));
			l->knows_firewall = read_rules(l, w, buf_text(&command));
			if (!l->knows_firewall && l->rules.n == 0 && i == 0)
				l->knows_firewall = true; /* nft with an empty ruleset */
			break;
		}
	buf_free(&command);
}

/* A word of a rule: "25", or one of a set "{ 25, 587 }", or a service's name. */
static bool names_port(struct bytes line, unsigned port)
{
	const struct port_info *info = ports_info(port);
	struct bytes word;
	char number[8];
	size_t at = bytes_search(line, BYTES("dport"));

	snprintf(number, sizeof(number), "%u", port);
	line = bytes_skip(line, at);
	while (bytes_word(&line, &word)) {
		if (word.n > 0 && word.p[word.n - 1] == ',')
			word.n--;
		if (bytes_equal(word, bytes_of(number)) ||
				(info && bytes_equal_nocase(word, bytes_of(info->name))))
			return true;
		for (struct bytes rest = word; rest.n > 0;) { /* iptables: --dports 25,587 */
			struct bytes one = bytes_head(rest, bytes_find(rest, ','));
			if (bytes_equal(one, bytes_of(number)))
				return true;
			rest = bytes_skip(rest, one.n + 1);
		}
	}
	return false;
}

static bool has(struct bytes line, const char *word)
{
	return bytes_search_nocase(line, bytes_of(word)) < line.n;
}

enum local_rule local_rule_of(const struct local *l, unsigned port, struct bytes *line)
{
	struct bytes rest = buf_bytes(&l->rules), one;
	enum local_rule found = LOCAL_RULE_NONE;

	*line = (struct bytes){ 0 };
	if (!l->knows_firewall)
		return LOCAL_RULE_UNKNOWN;
	while (bytes_line(&rest, &one)) {
		bool drops = has(one, "drop") || has(one, "reject");
		one = bytes_trim(one);
		if (names_port(one, port) && (drops || has(one, "accept"))) {
			*line = one;
			return drops ? LOCAL_RULE_DROP : LOCAL_RULE_ACCEPT;
		}
		if (drops)
			found = LOCAL_RULE_OTHER;
	}
	return found;
}

/* --- the whole --- */

void local_read(struct local *l, struct world *w)
{
	*l = (struct local){ .at = xcalloc(LISTENERS_MAX, sizeof(l->at[0])) };
	bool v4 = add_table(l, "/proc/net/tcp"), v6 = add_table(l, "/proc/net/tcp6");
	l->is_readable = v4 || v6;
	name_listeners(l);
	read_firewall(l, w);
}

void local_free(struct local *l)
{
	free(l->at);
	buf_free(&l->rules);
	*l = (struct local){ 0 };
}

void local_look(const struct local *l, unsigned port, struct local_port *out)
{
	static const unsigned char v6_any[16], v6_loopback[16] = { [15] = 1 };

	*out = (struct local_port){ .addresses = BUF(400) };
	for (size_t i = 0; i < l->count; i++) {
		const struct procnet_row *r = &l->at[i].row;
		char ip[INET6_ADDRSTRLEN] = "";
		if (r->port != port)
			continue;
		inet_ntop(r->is_v6 ? AF_INET6 : AF_INET, r->ip, ip, sizeof(ip));
		buf_printf(&out->addresses, r->is_v6 ? "%s[%s]" : "%s%s",
				out->addresses.n ? " " : "", ip);
		bool loopback = r->is_v6 ? memcmp(r->ip, v6_loopback, 16) == 0 : r->ip[0] == 127;
		bool dual = r->is_v6 &&
				memcmp(r->ip, v6_any, 16) == 0; /* takes IPv4 as well, as a rule */
		out->any = true;
		out->loopback = out->loopback || loopback;
		out->others = out->others || !loopback;
		out->v4 = out->v4 || (!loopback && (!r->is_v6 || dual));
		out->v6 = out->v6 || (!loopback && r->is_v6);
		if (!out->process[0])
			memcpy(out->process, l->at[i].process, sizeof(out->process));
	}
}

bool local_add_addresses(struct mscan_run *run, int family, struct err *e)
{
	struct targets t = { .run = run, .dns = { .family = family } };
	struct ifaddrs *list = NULL;
	char ip[ADDR_TEXT_MAX];
	bool ok = true;

	if (getifaddrs(&list) != 0 || !list)
		return targets_add(&t, "127.0.0.1", e);
	for (int loopback = 1; loopback >= 0; loopback--)
		for (const struct ifaddrs *i = list; i && ok; i = i->ifa_next) {
			struct addr a = { 0 };
			if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) ||
					(i->ifa_addr->sa_family != AF_INET &&
							i->ifa_addr->sa_family != AF_INET6))
				continue;
			a.len = i->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in) :
								    sizeof(struct sockaddr_in6);
			memcpy(&a.sa, i->ifa_addr, a.len);
			if (addr_is_loopback(&a) != (loopback == 1))
				continue;
			addr_ip(&a, ip);
			ok = targets_add(&t, ip, e);
		}
	freeifaddrs(list);
	return ok;
}
