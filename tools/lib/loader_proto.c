// SPDX-License-Identifier: GPL-2.0-only
/*
 * loader_proto.c - messages between a tool and its loader, over a socketpair of SOCK_SEQPACKET
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loader_proto.h"

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(LOADER_MAX_FDS * sizeof(int))];
};

int loader_proto__send(int sock, const void *msg, size_t size, const int *fds, unsigned int n)
{
	union control control = { 0 };
	struct iovec iov = { .iov_base = (void *)msg, .iov_len = size };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (n > LOADER_MAX_FDS)
		return -E2BIG;
	if (n) {
		struct cmsghdr *cmsg = &control.align;

		head.msg_control = &control;
		head.msg_controllen = CMSG_SPACE(n * sizeof(int));
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	}
	do {
		sent = sendmsg(sock, &head, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static void close_all(const int *fds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		close(fds[i]);
}

/* The descriptors of a message into @all, whatever their number. */
static unsigned int take_fds(struct msghdr *head, int *all)
{
	unsigned int n = 0;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(head); cmsg; cmsg = CMSG_NXTHDR(head, cmsg)) {
		unsigned int here;

		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		here = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(all + n, CMSG_DATA(cmsg), here * sizeof(int));
		n += here;
	}
	return n;
}

int loader_proto__recv(int sock, void *msg, size_t size, int *fds, unsigned int max,
		       unsigned int *n)
{
	union control control;
	int all[LOADER_MAX_FDS + 1];
	struct iovec iov = { .iov_base = msg, .iov_len = size };
	struct msghdr head = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			       .msg_controllen = sizeof(control) };
	ssize_t got;

	*n = 0;
	do {
		got = recvmsg(sock, &head, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	*n = take_fds(&head, all);
	if (!got && !*n)
		return 0;
	if ((size_t)got != size || head.msg_flags & (MSG_TRUNC | MSG_CTRUNC) || *n > max) {
		close_all(all, *n);
		*n = 0;
		return -EPROTO;
	}
	if (*n)
		memcpy(fds, all, *n * sizeof(int));
	return 1;
}

bool loader_proto__request_ok(const struct loader_request *request)
{
	return request->magic == LOADER_MAGIC && request->op >= LOADER_OPEN &&
	       request->op < LOADER_END;
}

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

bool loader_proto__reply_ok(const struct loader_reply *reply, unsigned int n_fds)
{
	unsigned int want = 0;

	if (reply->magic != LOADER_MAGIC || reply->ret > 0 ||
	    reply->flags & ~(LOADER_MAPS | LOADER_EXISTING | LOADER_TABLES | LOADER_OPENED) ||
	    (reply->ret && n_fds))
		return false;
	if (reply->flags & LOADER_MAPS)
		want += LOADER_N_MAPS;
	if (reply->flags & LOADER_EXISTING)
		want++;
	if (reply->flags & LOADER_TABLES)
		want++;
	if (reply->flags & LOADER_OPENED)
		want++;
	return n_fds == want && ends(reply->text, sizeof(reply->text)) &&
	       ends(reply->detail, sizeof(reply->detail)) &&
	       ends(reply->not_identified, sizeof(reply->not_identified)) &&
	       ends(reply->no_tables, sizeof(reply->no_tables)) &&
	       ends(reply->no_hooks, sizeof(reply->no_hooks));
}
