/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines. The pairs are one printf format; its spaces become a separator before it is
 * formatted once, and the result is split at the separators. The separator is a control byte
 * that no value holds: if one does, the next control byte is tried, and if all of them are
 * taken the pairs become one: a value can never forge a pair. The only file of core with state of its own: where lines go, and from which
 * level on. A line that cannot be written is lost. Config keys that set it: log_keys.c of cluster.
 */
#include "tepui/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "tepui/strbuf.h"

#define SEPARATOR_FIRST '\x1f'
#define MAX_EXTRA 4

static atomic_int log_format = TP_LOG_TEXT;
static atomic_int log_fd = STDERR_FILENO;
static atomic_int log_level = TP_LOG_INFO;
static atomic_int log_extra[MAX_EXTRA]; /* descriptor + 1; 0 = free */
static atomic_bool log_quiet;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void tp_log_setup(enum tp_log_format format, int fd)
{
	atomic_store(&log_format, (int)format);
	atomic_store(&log_fd, fd);
}

int tp_log_add_fd(int fd)
{
	for (size_t i = 0; i < MAX_EXTRA; i++) {
		int none = 0;

		if (atomic_compare_exchange_strong(&log_extra[i], &none, fd + 1))
			return 0;
	}
	return -ENOSPC;
}

void tp_log_remove_fd(int fd)
{
	for (size_t i = 0; i < MAX_EXTRA; i++) {
		int own = fd + 1;

		atomic_compare_exchange_strong(&log_extra[i], &own, 0);
	}
}

void tp_log_set_quiet(bool quiet)
{
	atomic_store(&log_quiet, quiet);
}

void tp_log_set_level(enum tp_log_level level)
{
	atomic_store(&log_level, (int)level);
}

enum tp_log_level tp_log_get_level(void)
{
	return (enum tp_log_level)atomic_load_explicit(&log_level, memory_order_relaxed);
}

int tp_log_level_parse(const char *text, enum tp_log_level *ret, struct tp_error *err)
{
	unsigned i;

	for (i = 0; i < TP_COUNT(level_names); i++) {
		if (strcasecmp(text, level_names[i]) == 0) {
			*ret = (enum tp_log_level)i;
			return 0;
		}
	}
	if (strcasecmp(text, "warning") == 0) {
		*ret = TP_LOG_WARN;
		return 0;
	}
	return tp_fail(err, EINVAL,
		"'%s' is not a log level (debug, info, warning or error)", text);
}

static void put_time(struct tp_strbuf *line)
{
	struct timespec now;
	char text[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	tp_strbuf_printf(line, "%s.%06ldZ", text, now.tv_nsec / 1000);
}

static size_t count_of(const char *text, char c)
{
	size_t n = 0;

	for (; (text = strchr(text, c)) != NULL; text++)
		n++;
	return n;
}

/* Formats the pairs and returns what separates them in `out`; NUL: nothing can. */
static char format_pairs(struct tp_strbuf *out, const char *pairs, va_list args)
{
	tp_cleanup(strbuf) struct tp_strbuf fmt = TP_STRBUF_INIT;
	char separator, *at;
	va_list again;
	size_t n;

	while (*pairs == ' ')
		pairs++;
	tp_strbuf_puts(&fmt, pairs);
	n = count_of(pairs, ' ');
	for (separator = SEPARATOR_FIRST; separator != '\0'; separator--) {
		at = fmt.data;
		while ((at = strpbrk(at, (char[]){ ' ', (char)(separator + 1), '\0' })))
			*at++ = separator;
		tp_strbuf_clear(out);
		va_copy(again, args);
		tp_strbuf_vprintf(out, fmt.data, again);
		va_end(again);
		if (count_of(out->data, separator) == n)
			break;
	}
	return separator;
}

/* Would the value be misread without quotes? */
static bool needs_quotes(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)value[i] <= ' ' || value[i] == '"' ||
			value[i] == '\\' || value[i] == '\x7f')
			return true;
	return len == 0;
}

static void put_text_pair(struct tp_strbuf *line, const char *pair, size_t len)
{
	const char *value = memchr(pair, '=', len);
	size_t key_len = value == NULL ? 0 : (size_t)(value - pair) + 1;

	tp_strbuf_putc(line, ' ');
	tp_strbuf_add(line, pair, key_len);
	pair += key_len;
	len -= key_len;
	if (!needs_quotes(pair, len)) {
		tp_strbuf_add(line, pair, len);
		return;
	}
	tp_strbuf_putc(line, '"');
	tp_strbuf_json_escape(line, pair, len);
	tp_strbuf_putc(line, '"');
}

static void put_json_member(struct tp_strbuf *line, const char *key, size_t key_len,
	const char *value, size_t len)
{
	tp_strbuf_puts(line, line->len > 1 ? ",\"" : "\"");
	tp_strbuf_json_escape(line, key, key_len);
	tp_strbuf_puts(line, "\":\"");
	tp_strbuf_json_escape(line, value, len);
	tp_strbuf_putc(line, '"');
}

static void put_json_pair(struct tp_strbuf *line, const char *pair, size_t len)
{
	const char *value = memchr(pair, '=', len);
	size_t key_len = value == NULL ? 0 : (size_t)(value - pair);

	if (value == NULL)
		put_json_member(line, "detail", strlen("detail"), pair, len);
	else
		put_json_member(line, pair, key_len, value + 1, len - key_len - 1);
}

static void put_pairs(struct tp_strbuf *line, const struct tp_strbuf *pairs,
	char separator, enum tp_log_format format)
{
	const char *at = pairs->data, *end;

	for (;; at = end + 1) {
		end = strchr(at, separator);
		if (end == NULL)
			end = pairs->data + pairs->len;
		if (format == TP_LOG_JSON)
			put_json_pair(line, at, (size_t)(end - at));
		else
			put_text_pair(line, at, (size_t)(end - at));
		if (*end == '\0')
			return;
	}
}

static void put_head(struct tp_strbuf *line, const char *topic, const char *level,
	const char *message, enum tp_log_format format)
{
	tp_cleanup(strbuf) struct tp_strbuf now = TP_STRBUF_INIT;

	put_time(&now);
	if (format == TP_LOG_JSON) {
		tp_strbuf_putc(line, '{');
		put_json_member(line, "time", 4, now.data, now.len);
		put_json_member(line, "level", 5, level, strlen(level));
		put_json_member(line, "topic", 5, topic, strlen(topic));
		put_json_member(line, "message", 7, message, strlen(message));
		return;
	}
	tp_strbuf_printf(line, "%s %s %s: ", now.data, level, topic);
	if (strpbrk(message, "\n\r\x1b") == NULL)
		tp_strbuf_puts(line, message);
	else
		tp_strbuf_json_escape(line, message, strlen(message));
}

static void put_bytes(int fd, const struct tp_strbuf *line)
{
	while (write(fd, line->data, line->len) < 0 && errno == EINTR)
		continue;
}

static void put_line(const struct tp_strbuf *line)
{
	if (!atomic_load(&log_quiet))
		put_bytes(atomic_load(&log_fd), line);
	for (size_t i = 0; i < MAX_EXTRA; i++) {
		int extra = atomic_load_explicit(&log_extra[i], memory_order_relaxed);

		if (extra > 0)
			put_bytes(extra - 1, line);
	}
}

void tp_log(const struct tp_topic *topic, enum tp_log_level level, const char *message,
	const char *pairs, ...)
{
	tp_cleanup(strbuf) struct tp_strbuf values = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf line = TP_STRBUF_INIT;
	enum tp_log_format format = (enum tp_log_format)atomic_load(&log_format);
	int saved = errno;
	char separator;
	va_list args;

	if (level < tp_log_get_level() || (unsigned)level >= TP_COUNT(level_names))
		return;
	put_head(&line, topic == NULL || topic->name == NULL ? "tepui" : topic->name,
		level_names[level], message, format);
	va_start(args, pairs);
	if (pairs[strspn(pairs, " ")] != '\0') {
		errno = saved; /* for %m */
		separator = format_pairs(&values, pairs, args);
		put_pairs(&line, &values, separator, format);
	}
	va_end(args);
	tp_strbuf_puts(&line, format == TP_LOG_JSON ? "}\n" : "\n");
	put_line(&line);
	errno = saved;
}
