/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of RE2 that people use in patterns: literals, '.', classes [a-z] [^a-z] [[:alpha:]] \d
 * \w \s and their opposites, groups ( ) (?: ), '|', '*', '+', '?', {n} {n,} {n,m}, a lazy '?' after them, '^'
 * and '$'. Read by recursive descent; code is emitted as it is read, and moved or copied where
 * what follows an atom wants that.
 */
#include <errno.h>
#include <string.h>

#include "core/cluster/allocation/pattern.h"
#include "tepui/base.h"

#define REPEAT_MAX 255
#define DEPTH_MAX 50
/* Each group that is repeated inside another is written once more. */
#define WORK_PER_STEP 16

/* A pattern that is being read. */
struct program {
	struct alloc_step steps[ALLOC_PATTERN_STEPS_MAX];
	int n, max;
	int work;       /* steps that were written or moved, of which fewer may be left */
	const char *at; /* what of the pattern is left */
	const char *pattern;
	int depth;
	struct tp_error *err;
};

/* A long pattern is cut, so that the reason has room. */
static int refuse(struct program *p, const char *why)
{
	return tp_fail(p->err, EINVAL,
		"Failed to construct regex from pattern '%.300s': %s at '%.40s'",
		p->pattern, why, p->at);
}

/* Repeats in each other, and those that leave nothing, cost and do not grow the program. */
static int work(struct program *p, int n)
{
	p->work += n;
	return p->work <= p->max * WORK_PER_STEP
		? 0
		: refuse(p, "too many repeats in each other");
}

static int refuse_size(struct program *p)
{
	return tp_fail(p->err, EINVAL,
		"Regex '%.300s' is too complex: its program is larger than the maximum "
		"of %d "
		"allowed",
		p->pattern, p->max);
}

static int emit(struct program *p, enum alloc_op op, int x, int y)
{
	if (p->n == p->max)
		return refuse_size(p);
	p->steps[p->n] = (struct alloc_step){
		.op = (uint8_t)op, .x = (int16_t)x, .y = (int16_t)y
	};
	return p->n++;
}

static void set_add(uint8_t *set, unsigned from, unsigned to)
{
	for (; from <= to; from++)
		set[from / 8] |= (uint8_t)(1U << from % 8);
}

static void set_invert(uint8_t *set)
{
	unsigned i;

	for (i = 0; i < 32; i++)
		set[i] = (uint8_t)~set[i];
}

static int emit_set(struct program *p, const uint8_t *set)
{
	int at = emit(p, ALLOC_OP_SET, 0, 0);

	if (at >= 0)
		memcpy(p->steps[at].set, set, 32);
	return at;
}

/* One character, which in UTF-8 may go on with more bytes. */
static int emit_character(struct program *p, const uint8_t *first)
{
	uint8_t more[32] = { 0 };
	int r;

	set_add(more, 0x80, 0xbf);
	r = emit_set(p, first);
	if (r >= 0)
		r = emit(p, ALLOC_OP_SPLIT, 1, 3);
	if (r >= 0)
		r = emit_set(p, more);
	return r < 0 ? r : emit(p, ALLOC_OP_JUMP, -2, 0);
}

/* \d and the like; false when it is none of them. */
static bool class_of(char c, uint8_t *set)
{
	uint8_t own[32] = { 0 };
	unsigned i;

	switch (c | 0x20) {
	case 'd':
		set_add(own, '0', '9');
		break;
	case 'w':
		set_add(own, '0', '9');
		set_add(own, 'A', 'Z');
		set_add(own, 'a', 'z');
		set_add(own, '_', '_');
		break;
	case 's':
		set_add(own, '\t', '\n');
		set_add(own, '\f', '\r');
		set_add(own, ' ', ' ');
		break;
	default:
		return false;
	}
	if (c < 'a')
		set_invert(own);
	for (i = 0; i < 32; i++)
		set[i] |= own[i];
	return true;
}

/* The character after a backslash that stands for itself or for a control; < 0: unknown. */
static int escaped(struct program *p)
{
	static const char names[] = "tnrfv", values[] = "\t\n\r\f\v";
	char c = *p->at;
	const char *known = c == '\0' ? NULL : strchr(names, c);

	if (known != NULL)
		return values[known - names];
	if (c == '\0' || (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
		(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return refuse(p, "an escape that is not known");
	return (unsigned char)c;
}

/* [:digit:] and the like; [:^digit:] is the opposite. */
static const struct {
	const char *name, *ranges; /* pairs of first and last */
} posix_classes[] = {
	{ "alnum", "09AZaz" },
	{ "alpha", "AZaz" },
	{ "blank", "\t\t  " },
	{ "cntrl", "\x01\x1f\x7f\x7f" },
	{ "digit", "09" },
	{ "graph", "!~" },
	{ "lower", "az" },
	{ "print", " ~" },
	{ "punct", "!/:@[`{~" },
	{ "space", "\t\r  " },
	{ "upper", "AZ" },
	{ "word", "09AZaz__" },
	{ "xdigit", "09AFaf" },
	{ "ascii", "\x01\x7f" },
};

static bool posix_class(const char *name, size_t len, uint8_t *set)
{
	size_t i;

	for (i = 0; i < TP_COUNT(posix_classes); i++) {
		const char *range = posix_classes[i].ranges;

		if (strlen(posix_classes[i].name) != len ||
			strncmp(name, posix_classes[i].name, len) != 0)
			continue;
		for (; *range != '\0'; range += 2)
			set_add(set, (unsigned char)range[0], (unsigned char)range[1]);
		return true;
	}
	return false;
}

/* 1: one was read; 0: the '[' stands for itself. */
static int read_posix_class(struct program *p, uint8_t *set)
{
	uint8_t own[32] = { 0 };
	const char *name = p->at + 2, *end;
	bool inverted;
	unsigned i;

	if (p->at[0] != '[' || p->at[1] != ':')
		return 0;
	end = strstr(name, ":]");
	if (end == NULL)
		return 0;
	inverted = *name == '^';
	name += inverted;
	if (name > end || !posix_class(name, (size_t)(end - name), own))
		return refuse(p, "a class that is not known");
	if (inverted)
		set_invert(own);
	for (i = 0; i < 32; i++)
		set[i] |= own[i];
	p->at = end + 2;
	return 1;
}

/* A character that stands in a class, itself or escaped. */
static int class_character(struct program *p)
{
	int c = (unsigned char)*p->at;

	if (c == '\\') {
		p->at++;
		c = escaped(p);
	}
	if (c >= 0x80)
		return refuse(p, "only ASCII may stand in a class");
	if (c >= 0)
		p->at++;
	return c;
}

static int class_member(struct program *p, uint8_t *set)
{
	int first, last, r = read_posix_class(p, set);

	if (r != 0)
		return r;
	if (p->at[0] == '\\' && class_of(p->at[1], set)) {
		p->at += 2;
		return 0;
	}
	first = last = class_character(p);
	if (first >= 0 && p->at[0] == '-' && p->at[1] != ']' && p->at[1] != '\0') {
		p->at++;
		last = class_character(p);
	}
	if (first < 0 || last < 0)
		return -EINVAL;
	if (last < first)
		return refuse(p, "a range that ends before it begins");
	set_add(set, (unsigned)first, (unsigned)last);
	return 0;
}

/* No character begins with a byte of 80 to bf; all that begin above have more bytes. */
static int emit_class(struct program *p, uint8_t *set)
{
	memset(set + 16, 0, 8);
	return (set[31] & 1) != 0 ? emit_character(p, set) : emit_set(p, set);
}

static int parse_class(struct program *p)
{
	uint8_t set[32] = { 0 };
	bool inverted = *p->at == '^', first = true;
	int r;

	p->at += inverted;
	for (; *p->at != ']' || first; first = false) {
		if (*p->at == '\0')
			return refuse(p, "a class without its ']'");
		r = class_member(p, set);
		if (r < 0)
			return r;
	}
	p->at++;
	if (inverted)
		set_invert(set);
	return emit_class(p, set);
}

static int parse_choice(struct program *p);

static int parse_group(struct program *p)
{
	int r;

	if (p->at[0] == '?' && p->at[1] == ':')
		p->at += 2;
	else if (p->at[0] == '?')
		return refuse(p, "a kind of group that is not known");
	if (++p->depth > DEPTH_MAX)
		return refuse(p, "too many groups in each other");
	r = parse_choice(p);
	if (r < 0)
		return r;
	p->depth--;
	if (*p->at != ')')
		return refuse(p, "a group without its ')'");
	p->at++;
	return 0;
}

static int parse_escape(struct program *p)
{
	uint8_t set[32] = { 0 };
	int c;

	if (class_of(*p->at, set)) {
		p->at++;
		return emit_class(p, set);
	}
	c = escaped(p);
	if (c < 0)
		return c;
	p->at++;
	set_add(set, (unsigned)c, (unsigned)c);
	return emit_set(p, set);
}

/* A character, all bytes of it: what repeats it repeats them. */
static int parse_literal(struct program *p)
{
	int r;

	do {
		uint8_t set[32] = { 0 };
		unsigned char c = (unsigned char)*p->at++;

		set_add(set, c, c);
		r = emit_set(p, set);
	} while (r >= 0 && ((unsigned char)*p->at & 0xc0) == 0x80);
	return r;
}

static int parse_atom(struct program *p)
{
	uint8_t set[32] = { 0 };
	unsigned char c = (unsigned char)*p->at++;

	switch (c) {
	case '(':
		return parse_group(p);
	case '[':
		return parse_class(p);
	case '\\':
		return parse_escape(p);
	case '^':
		return emit(p, ALLOC_OP_BEGIN, 0, 0);
	case '$':
		return emit(p, ALLOC_OP_END, 0, 0);
	case '.':
		set_add(set, '\n', '\n');
		set_add(set, 0x80, 0xbf);
		set_invert(set);
		return emit_character(p, set);
	case '*':
	case '+':
	case '?':
		p->at--;
		return refuse(p, "nothing to repeat");
	default:
		p->at--;
		return parse_literal(p);
	}
}

static int insert_step(struct program *p, int at, enum alloc_op op, int x, int y)
{
	int r = emit(p, ALLOC_OP_JUMP, 0, 0);

	if (r < 0)
		return r;
	memmove(&p->steps[at + 1], &p->steps[at],
		(size_t)(p->n - 1 - at) * sizeof p->steps[0]);
	p->steps[at] = (struct alloc_step){
		.op = (uint8_t)op, .x = (int16_t)x, .y = (int16_t)y
	};
	return 0;
}

static int make_optional(struct program *p, int at)
{
	return insert_step(p, at, ALLOC_OP_SPLIT, 1, p->n - at + 1);
}

static int make_star(struct program *p, int at)
{
	int r = insert_step(p, at, ALLOC_OP_SPLIT, 1, p->n - at + 2);

	return r < 0 ? r : emit(p, ALLOC_OP_JUMP, at - p->n, 0);
}

static int copy_steps(struct program *p, const struct alloc_step *steps, int n)
{
	if (p->n + n > p->max)
		return refuse_size(p);
	if (work(p, n + 1) < 0)
		return -EINVAL;
	memcpy(&p->steps[p->n], steps, (size_t)n * sizeof *steps);
	p->n += n;
	return 0;
}

/* {least,most}; most < 0: no end. The atom is steps[at..n). */
static int repeat(struct program *p, int at, int least, int most)
{
	int n = p->n - at, i, r = work(p, n + 1), begin;
	struct alloc_step *atom = tp_alloc(((size_t)n + 1) * sizeof *atom);

	if (n > 0)
		memcpy(atom, &p->steps[at], (size_t)n * sizeof *atom);
	p->n = at;
	for (i = 0; i < least && r >= 0; i++)
		r = copy_steps(p, atom, n);
	for (; i < most && r >= 0; i++) {
		begin = p->n;
		r = copy_steps(p, atom, n);
		if (r >= 0)
			r = make_optional(p, begin);
	}
	if (most < 0 && r >= 0) {
		begin = p->n;
		r = copy_steps(p, atom, n);
		if (r >= 0)
			r = make_star(p, begin);
	}
	tp_free(atom);
	return r;
}

static bool read_number(const char **at, int *ret)
{
	int n = 0;

	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9' && n <= REPEAT_MAX; (*at)++)
		n = n * 10 + (**at - '0');
	*ret = n;
	return true;
}

/* 1: a bound was read; 0: the '{' is a literal. */
static int read_bounds(struct program *p, int *least, int *most)
{
	const char *at = p->at + 1;

	if (!read_number(&at, least))
		return 0;
	*most = *least;
	if (*at == ',') {
		at++;
		*most = -1;
		read_number(&at, most);
	}
	if (*at != '}')
		return 0;
	if (*least > REPEAT_MAX || *most > REPEAT_MAX || (*most >= 0 && *most < *least))
		return refuse(p, "a repetition out of bounds");
	p->at = at + 1;
	return 1;
}

/* 1: what is read next repeats so often; 0: it repeats nothing. */
static int read_repeat(struct program *p, int *least, int *most)
{
	*least = *p->at == '+';
	*most = *p->at == '?' ? 1 : -1;
	if (*p->at == '{')
		return read_bounds(p, least, most);
	if (*p->at != '*' && *p->at != '+' && *p->at != '?')
		return 0;
	p->at++;
	return 1;
}

static int parse_piece(struct program *p)
{
	int at = p->n, least, most, r = *p->at == '{' ? read_bounds(p, &least, &most) : 0;

	if (r > 0)
		return refuse(p, "a repetition of nothing");
	if (r == 0)
		r = parse_atom(p);
	if (r >= 0)
		r = read_repeat(p, &least, &most);
	if (r <= 0)
		return r;
	r = repeat(p, at, least, most);
	if (r >= 0 && *p->at == '?')
		p->at++; /* lazy or not: all of the text must match */
	if (r >= 0)
		r = read_repeat(p, &least, &most);
	return r > 0 ? refuse(p, "a repetition of a repetition") : r;
}

static int parse_sequence(struct program *p)
{
	int r = 0;

	while (r >= 0 && *p->at != '\0' && *p->at != '|' && *p->at != ')')
		r = parse_piece(p);
	return r;
}

static int parse_choice(struct program *p)
{
	int at = p->n, r = parse_sequence(p), jump;

	if (r < 0 || *p->at != '|')
		return r;
	r = insert_step(p, at, ALLOC_OP_SPLIT, 1, p->n - at + 2);
	if (r < 0)
		return r;
	jump = emit(p, ALLOC_OP_JUMP, 0, 0);
	if (jump < 0)
		return jump;
	p->at++;
	r = parse_choice(p);
	p->steps[jump].x = (int16_t)(p->n - jump);
	return r;
}

static int compile(struct program *p)
{
	int r = parse_choice(p);

	if (r >= 0 && *p->at != '\0')
		r = refuse(p, "a ')' without its group");
	return r < 0 ? r : emit(p, ALLOC_OP_MATCH, 0, 0);
}

int alloc_pattern_compile(const char *text, unsigned max_steps,
	struct alloc_pattern **ret, struct tp_error *err)
{
	size_t len = strlen(text);
	struct program *p;
	int r;

	if (len > TP_OFFER_CONSTRAINTS_REGEX_BYTES_MAX)
		return tp_fail(err, EINVAL,
			"Regex '%.40s...' has %zu bytes, at most %d are allowed", text,
			len, TP_OFFER_CONSTRAINTS_REGEX_BYTES_MAX);
	p = tp_alloc(sizeof *p);
	p->max = max_steps < ALLOC_PATTERN_STEPS_MAX ? (int)max_steps
						     : ALLOC_PATTERN_STEPS_MAX;
	p->pattern = p->at = text;
	p->err = err;
	r = compile(p);
	if (r >= 0)
		*ret = alloc_pattern_create(p->steps, (unsigned)p->n);
	tp_free(p);
	return r < 0 ? r : 0;
}
