/* b64 - strict base64 that tells its first fault
 * SPDX-License-Identifier: MIT
 *
 * Both ways work through a small stage, whole groups in the inner loop; what a cut leaves over
 * waits in the coder. The stage is wiped: much of what goes through here is somebody's password.
 */
#include "proto/b64.h"

#include "proto/b64_impl.h"
#include "sys/mem.h"

enum { STAGE_GROUPS = 512 };

static const char digits_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char digits_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Octet to digit. The bits on top say in which alphabet it is none: one table serves both. */
enum { NOT_URL = 0x40, NOT_STD = 0x80 };
#define X (NOT_URL | NOT_STD)
#define S(digit) (NOT_URL | (digit))
#define U(digit) (NOT_STD | (digit))

/* clang-format off */
static const unsigned char values[256] = {
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, S(62), X, U(62), X, S(63),
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X,
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, U(63),
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
	X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X,
};
/* clang-format on */

#undef X
#undef S
#undef U

const char *b64_fault_text(enum b64_fault fault)
{
	static const char *const texts[] = {
		[B64_OK] = "well formed",
		[B64_ALPHABET] = "not a base64 digit",
		[B64_URL] = "a digit of base64url",
		[B64_WHITESPACE] = "blank or line end inside",
		[B64_PADDING] = "'=' missing, too many or not at the end",
		[B64_BITS] = "bits set behind the last octet",
		[B64_LENGTH] = "one digit too many or three too few",
		[B64_ROOM] = "too long",
	};

	return texts[fault];
}

static void encode_group(const unsigned char in[3], const char *digits, unsigned char to[4])
{
	to[0] = (unsigned char)digits[in[0] >> 2];
	to[1] = (unsigned char)digits[(in[0] & 3) << 4 | in[1] >> 4];
	to[2] = (unsigned char)digits[(in[1] & 15) << 2 | in[2] >> 6];
	to[3] = (unsigned char)digits[in[2] & 63];
}

/* Appends finished digits, cut into lines. */
static bool put_lines(struct b64_encoder *e, struct bytes digits, struct buf *out)
{
	if (e->wrap == 0)
		return buf_put(out, digits);
	while (digits.n > 0) {
		struct bytes line = bytes_head(digits, e->wrap - e->column);
		if (!buf_put(out, line))
			return false;
		e->column += line.n;
		if (e->column == e->wrap) {
			e->column = 0;
			if (!buf_puts(out, e->crlf ? "\r\n" : "\n"))
				return false;
		}
		digits = bytes_skip(digits, line.n);
	}
	return true;
}

static void encode_groups(const struct b64_encoder *e, const unsigned char *in, size_t groups,
		unsigned char *to)
{
	const char *digits = e->url ? digits_url : digits_std;

	for (size_t i = b64_fast_encode((struct bytes){ in, 3 * groups }, e->url, to) / 3;
			i < groups; i++)
		encode_group(in + 3 * i, digits, to + 4 * i);
}

/* Encodes groups whole groups: straight into out, or by the stage into lines. */
static bool put_groups(struct b64_encoder *e, const unsigned char *in, size_t groups,
		struct buf *out)
{
	unsigned char stage[4 * STAGE_GROUPS];
	size_t room = 0, most = groups < STAGE_GROUPS ? groups : STAGE_GROUPS;
	bool fits = true;

	if (e->wrap == 0) {
		unsigned char *to = buf_room(out, 4 * groups, &room);
		if (room < 4 * groups)
			return false;
		encode_groups(e, in, groups, to);
		buf_added(out, 4 * groups);
		return true;
	}
	while (fits && groups > 0) {
		size_t n = groups < most ? groups : most;
		encode_groups(e, in, n, stage);
		fits = put_lines(e, (struct bytes){ stage, 4 * n }, out);
		in += 3 * n;
		groups -= n;
	}
	mem_wipe(stage, 4 * most);
	return fits;
}

bool b64_encoder_put(struct b64_encoder *e, struct bytes in, struct buf *out)
{
	while (e->held > 0 && e->held < 3 && in.n > 0) {
		e->hold[e->held++] = in.p[0];
		in = bytes_skip(in, 1);
	}
	if (e->held == 3) {
		e->held = 0;
		if (!put_groups(e, e->hold, 1, out))
			return false;
	}
	size_t groups = in.n / 3;
	if (groups > 0 && !put_groups(e, in.p, groups, out))
		return false;
	for (size_t i = 3 * groups; i < in.n; i++)
		e->hold[e->held++] = in.p[i];
	return true;
}

bool b64_encoder_end(struct b64_encoder *e, struct buf *out)
{
	unsigned char last[4];
	bool fits = true;

	if (e->held > 0) {
		for (size_t i = e->held; i < 3; i++)
			e->hold[i] = 0;
		encode_group(e->hold, e->url ? digits_url : digits_std, last);
		for (size_t i = e->held + 1; i < 4; i++)
			last[i] = '=';
		fits = put_lines(e, (struct bytes){ last, 4 }, out);
	}
	if (e->column > 0)
		fits = fits && buf_puts(out, e->crlf ? "\r\n" : "\n");
	mem_wipe(e->hold, sizeof(e->hold));
	e->held = e->column = 0;
	return fits;
}

bool b64_encode(struct bytes in, struct buf *out)
{
	struct b64_encoder e = { 0 };

	return b64_encoder_put(&e, in, out) && b64_encoder_end(&e, out);
}

static bool fail(struct b64_decoder *d, enum b64_fault fault, uint64_t at)
{
	d->fault = fault;
	d->fault_at = at;
	return false;
}

/* Fills the stage from the whole groups of good digits at the front of in; returns how many. */
static size_t decode_stage(struct bytes in, bool url, unsigned char *stage)
{
	const unsigned wrong = url ? NOT_URL : NOT_STD;
	size_t groups = in.n / 4;
	size_t n = url ? 0 : b64_fast_decode(bytes_head(in, 4 * groups), stage) / 4;

	for (; n < groups; n++) {
		const unsigned char *p = in.p + 4 * n;
		unsigned v[4] = { values[p[0]], values[p[1]], values[p[2]], values[p[3]] };
		if ((v[0] | v[1] | v[2] | v[3]) & wrong)
			break;
		stage[3 * n] = (unsigned char)(v[0] << 2 | (v[1] & 63) >> 4);
		stage[3 * n + 1] = (unsigned char)(v[1] << 4 | (v[2] & 63) >> 2);
		stage[3 * n + 2] = (unsigned char)(v[2] << 6 | (v[3] & 63));
	}
	return n;
}

/* Decodes the whole groups of good digits at the front of in; returns how many there were, or stops
 * at a full out with the fault set. */
static size_t decode_groups(struct b64_decoder *d, struct bytes in, struct buf *out)
{
	unsigned char stage[3 * STAGE_GROUPS + B64_FAST_SLACK];
	size_t groups = 0, most = 0, n;

	do {
		n = decode_stage(bytes_head(in, 4 * (size_t)STAGE_GROUPS), d->url, stage);
		if (n > most)
			most = n;
		if (!buf_put(out, (struct bytes){ stage, 3 * n }))
			fail(d, B64_ROOM, d->offset + 4 * groups);
		in = bytes_skip(in, 4 * n);
		groups += n;
	} while (n == STAGE_GROUPS && !d->fault);
	mem_wipe(stage, 3 * most + B64_FAST_SLACK);
	return groups;
}

/* The octets that the digits at hand make: 2 digits hold one, 3 hold two, 4 hold three. */
static bool put_held(struct b64_decoder *d, struct buf *out)
{
	uint32_t bits = d->bits << 6 * (4 - d->digits);

	for (unsigned i = 1; i < d->digits; i++)
		if (!buf_putc(out, (unsigned char)(bits >> (24 - 8 * i) & 255)))
			return fail(d, B64_ROOM, d->last_digit);
	d->bits = 0;
	return true;
}

/* The last group is not full: its digits make octets, and the bits left over must be zero. */
static bool put_short_group(struct b64_decoder *d, struct buf *out)
{
	bool spare = d->bits & (d->digits == 2 ? 15 : 3);

	return put_held(d, out) && (!spare || fail(d, B64_BITS, d->last_digit));
}

static bool take_pad(struct b64_decoder *d, struct buf *out)
{
	if (d->digits < 2 || d->digits + d->pads >= 4)
		return fail(d, B64_PADDING, d->offset);
	if (d->pads++ == 0)
		return put_short_group(d, out);
	return true;
}

static bool take(struct b64_decoder *d, unsigned char c, struct buf *out)
{
	unsigned value = values[c];

	if (c == '\n' || c == '\r')
		return d->skip_line_ends || fail(d, B64_WHITESPACE, d->offset);
	if (c == ' ' || c == '\t')
		return fail(d, B64_WHITESPACE, d->offset);
	if (c == '=')
		return take_pad(d, out);
	if (value & (d->url ? NOT_URL : NOT_STD))
		return fail(d, value & NOT_URL ? B64_ALPHABET : B64_URL, d->offset);
	if (d->pads > 0)
		return fail(d, B64_PADDING, d->offset);
	d->bits = d->bits << 6 | (value & 63);
	d->last_digit = d->offset;
	if (++d->digits < 4)
		return true;
	bool fits = put_held(d, out);
	d->digits = 0;
	return fits;
}

bool b64_decoder_put(struct b64_decoder *d, struct bytes in, struct buf *out)
{
	while (!d->fault && in.n > 0) {
		size_t used = 0;
		if (d->digits == 0)
			used = 4 * decode_groups(d, in, out);
		if (used == 0 && take(d, in.p[0], out))
			used = 1;
		d->offset += used;
		in = bytes_skip(in, used);
	}
	return !d->fault;
}

bool b64_decoder_end(struct b64_decoder *d, struct buf *out)
{
	if (d->fault || d->digits == 0)
		return !d->fault;
	if (d->digits == 1)
		return fail(d, B64_LENGTH, d->last_digit);
	if (d->pads == 0 && d->url)
		return put_short_group(d, out);
	if (d->pads == 0 && !put_held(d, out))
		return false;
	return d->digits + d->pads == 4 || fail(d, B64_PADDING, d->offset);
}

enum b64_fault b64_decode(struct bytes in, struct buf *out, size_t *at)
{
	struct b64_decoder d = { 0 };

	if (b64_decoder_put(&d, in, out))
		b64_decoder_end(&d, out);
	if (at)
		*at = (size_t)d.fault_at;
	mem_wipe(&d.bits, sizeof(d.bits));
	return d.fault;
}
