/* dot - dot-stuffed data, reading and writing
 * SPDX-License-Identifier: MIT */
#include "proto/dot.h"

static bool lf_ends_lines(const struct dot_reader *d)
{
	return !d->crlf_only && d->crlf == 0;
}

static void finish(struct dot_reader *d)
{
	d->is_done = true;
	if (d->crlf == 0 && d->bare_lf > 0)
		d->lone_dot_lf = true;
}

static void take_text(struct dot_reader *d, unsigned char c, struct buf *out)
{
	bool after_cr = d->state == DOT_CR;

	if (c == '\n') {
		if (after_cr)
			d->crlf++;
		else
			d->bare_lf++;
		d->state = after_cr || lf_ends_lines(d) ? DOT_LINE_START : DOT_TEXT;
	} else {
		if (after_cr)
			d->bare_cr++;
		if (c == '\0')
			d->nul++;
		d->state = c == '\r' ? DOT_CR : DOT_TEXT;
	}
	buf_putc(out, c);
	d->octets++;
}

/* One octet; at most one goes out. False: c is to be offered again. */
static bool take(struct dot_reader *d, unsigned char c, struct buf *out)
{
	switch (d->state) {
	case DOT_LINE_START:
		if (c == '.')
			d->state = DOT_DOT;
		else
			take_text(d, c, out);
		return true;
	case DOT_DOT:
		if (c == '\r') {
			d->state = DOT_DOT_CR;
		} else if (c == '\n' && lf_ends_lines(d)) {
			d->lone_dot_lf = true;
			finish(d);
		} else {
			if (c != '.')
				d->unstuffed_dot = true;
			take_text(d, c, out);
		}
		return true;
	case DOT_DOT_CR:
		if (c == '\n') {
			finish(d);
			return true;
		}
		d->unstuffed_dot = true;
		take_text(d, '\r', out);
		return false;
	case DOT_TEXT:
	case DOT_CR:
		break;
	}
	take_text(d, c, out);
	return true;
}

/* How many octets at the front of in are nothing but text. */
static size_t plain_run(struct bytes in)
{
	size_t n = 0;

	while (n < in.n && in.p[n] != '\r' && in.p[n] != '\n' && in.p[n] != '\0')
		n++;
	return n;
}

void dot_read(struct dot_reader *d, struct bytes *in, struct buf *out)
{
	while (!d->is_done && in->n > 0 && out->n < out->max) {
		if (d->state == DOT_TEXT) {
			size_t n = plain_run(bytes_head(*in, out->max - out->n));
			buf_put(out, bytes_head(*in, n));
			d->octets += n;
			*in = bytes_skip(*in, n);
			if (n > 0)
				continue;
		}
		if (take(d, in->p[0], out))
			*in = bytes_skip(*in, 1);
	}
}

bool dot_eof(struct dot_reader *d)
{
	if (!d->is_done && (d->state == DOT_DOT || d->state == DOT_DOT_CR)) {
		d->cut_dot = true;
		finish(d);
	}
	return d->is_done;
}

void dot_write(struct dot_writer *d, struct bytes in, struct buf *out)
{
	while (in.n > 0) {
		size_t n = 0;
		while (n < in.n && in.p[n] != '\r' && in.p[n] != '\n')
			n++;
		if (n > 0) {
			if (!d->mid_line && in.p[0] == '.' && !d->no_dots)
				buf_putc(out, '.');
			buf_put(out, bytes_head(in, n));
			d->mid_line = true;
			d->after_cr = false;
		} else {
			if (in.p[0] == '\r' || !d->after_cr)
				buf_puts(out, "\r\n");
			d->mid_line = false;
			d->after_cr = in.p[0] == '\r';
			n = 1;
		}
		in = bytes_skip(in, n);
	}
}

void dot_finish(struct dot_writer *d, struct buf *out)
{
	if (d->mid_line)
		buf_puts(out, "\r\n");
	buf_puts(out, ".\r\n");
	*d = (struct dot_writer){ 0 };
}

void dot_pass(struct dot_writer *d, struct bytes in)
{
	if (in.n == 0)
		return;
	bool after_cr = in.n > 1 ? in.p[in.n - 2] == '\r' : d->after_cr;
	d->mid_line = in.p[in.n - 1] != '\n' || !after_cr;
	d->after_cr = in.p[in.n - 1] == '\r';
}
