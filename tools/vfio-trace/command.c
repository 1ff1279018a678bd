// SPDX-License-Identifier: GPL-2.0-only
/*
 * command.c - running the COMMAND that is recorded
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* In the child: never returns. What goes wrong leaves through @report. */
static void run(char **argv, bool quiet_stdout, int nice_value, int report)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpriority(PRIO_PROCESS, 0, nice_value);
	if (quiet_stdout)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

pid_t command__start(char **argv, bool quiet_stdout, int nice_value)
{
	int report[2], err = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		run(argv, quiet_stdout, nice_value, report[1]);
	if (pid < 0)
		err = errno;
	close(report[1]);
	/* The pipe closes without a word when exec succeeds. */
	do {
		n = err ? 0 : read(report[0], &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	close(report[0]);
	if (!err)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return -err;
}

bool command__ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}
