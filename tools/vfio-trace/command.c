// SPDX-License-Identifier: GPL-2.0-only
/*
 * command.c - running the COMMAND that is recorded
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

/* In the child: never returns. What goes wrong leaves through @report. */
static void __attribute__((noreturn)) run(char **argv, bool quiet_stdout, int go, int report)
{
	sigset_t none;
	ssize_t n;
	char byte;
	int err;

	do {
		n = read(go, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1) /* cancelled, or the recorder was killed */
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (quiet_stdout)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

int command__prepare(struct command *command, char **argv, bool quiet_stdout)
{
	int go[2] = { -1, -1 }, report[2] = { -1, -1 }, err = 0;

	if (pipe2(go, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
		err = errno;
	if (!err)
		command->pid = fork();
	if (!err && command->pid == 0) {
		close(go[1]);
		close(report[0]);
		run(argv, quiet_stdout, go[0], report[1]);
	}
	if (!err && command->pid < 0)
		err = errno;
	close(go[0]);
	close(report[1]);
	command->go = go[1];
	command->report = report[0];
	if (!err)
		return 0;
	close(go[1]);
	close(report[0]);
	return -err;
}

pid_t command__start(struct command *command)
{
	int err = 0;
	ssize_t n;

	if (write(command->go, "", 1) != 1)
		err = errno;
	close(command->go);
	/* The pipe closes without a word when exec succeeds. */
	do {
		n = err ? 0 : read(command->report, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	close(command->report);
	if (!err)
		return command->pid;
	waitpid(command->pid, NULL, 0);
	return -err;
}

void command__cancel(struct command *command)
{
	close(command->go);
	close(command->report);
	waitpid(command->pid, NULL, 0);
}

bool command__ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}
