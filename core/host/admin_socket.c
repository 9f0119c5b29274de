/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Below /tmp anybody may have made the folder first: one that is not ours alone is refused. A
 * socket was left behind when no process has the pid in its name, and, as that may only be so
 * in this container, nobody answers there.
 */
#include "core/host/admin_socket.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int make_folder(const char *path, struct tp_error *err)
{
	struct stat st;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return tp_fail_errno(err, errno, "making '%s'", path);
	if (lstat(path, &st) < 0)
		return tp_fail_errno(err, errno, "'%s'", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0022) != 0)
		return tp_fail(err, EPERM,
			"'%s' must be a directory that only this user can write", path);
	return 0;
}

/* $RUNTIME_DIRECTORY may be several, separated by colons. */
static char *service_path(void)
{
	const char *dirs = getenv("RUNTIME_DIRECTORY");

	if (dirs == NULL || dirs[0] != '/')
		return NULL;
	return tp_asprintf("%.*s/admin.sock", (int)strcspn(dirs, ":"), dirs);
}

static bool nobody_listens(const struct sockaddr_un *address)
{
	tp_cleanup(fd) int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 &&
		connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
		errno == ECONNREFUSED;
}

static bool is_left_behind(const char *name, const struct sockaddr_un *address)
{
	int pid = 0;

	return sscanf(name, "tepuid-%9d.sock", &pid) == 1 && pid > 0 &&
		kill(pid, 0) < 0 && errno == ESRCH && nobody_listens(address);
}

static void remove_stale(const char *folder)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s",
			folder, entry->d_name);

		if (n > 0 && (size_t)n < sizeof address.sun_path &&
			is_left_behind(entry->d_name, &address))
			unlink(address.sun_path);
	}
	if (dir != NULL)
		closedir(dir);
}

int admin_socket_path(const char *given, char **ret, struct tp_error *err)
{
	tp_cleanup(ptr) char *folder = NULL;
	char *path = given == NULL ? service_path() : tp_strdup(given);
	int r;

	if (path == NULL) {
		if (geteuid() == 0 &&
			(mkdir("/run/tepui", 0755) == 0 || errno == EEXIST) &&
			access("/run/tepui", W_OK) == 0)
			folder = tp_strdup("/run/tepui");
		else
			folder = tp_asprintf("/tmp/tepui-%u", (unsigned)geteuid());
		r = make_folder(folder, err);
		if (r < 0)
			return r;
		remove_stale(folder);
		path = tp_asprintf("%s/tepuid-%d.sock", folder, (int)getpid());
	}
	*ret = path;
	return 0;
}
