#define _GNU_SOURCE
#include "CSandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int csandbox_process_descriptor(pid_t child) {
    int descriptor = (int)syscall(SYS_pidfd_open, child, 0);
    return descriptor < 0 ? -errno : descriptor;
}

int csandbox_await_end(pid_t child, int milliseconds) {
    int descriptor = csandbox_process_descriptor(child);
    if (descriptor < 0) return descriptor;
    struct pollfd watched = {.fd = descriptor, .events = POLLIN};
    int count;
    do count = poll(&watched, 1, milliseconds);
    while (count < 0 && errno == EINTR);
    int result = count > 0 ? 0 : count < 0 ? -errno : -ETIMEDOUT;
    close(descriptor);
    return result;
}

pid_t csandbox_fork(void) {
    pid_t child = fork();
    return child < 0 ? -errno : child;
}

int csandbox_child_signal(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) return -errno;
    int descriptor = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

void csandbox_child_signal_clear(int descriptor) {
    struct signalfd_siginfo notice;
    while (read(descriptor, &notice, sizeof notice) > 0) {
    }
}

int csandbox_event(void) {
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return event < 0 ? -errno : event;
}

void csandbox_event_add(int event) {
    eventfd_t one = 1;
    while (eventfd_write(event, one) != 0 && errno == EINTR) {
    }
}

void csandbox_event_clear(int event) {
    eventfd_t count;
    while (eventfd_read(event, &count) != 0 && errno == EINTR) {
    }
}

int csandbox_thread_count(void) {
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) return -errno;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(tasks));) count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

ssize_t csandbox_address_byte_count(void) {
    int descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    char text[128];
    ssize_t count = read(descriptor, text, sizeof text - 1);
    ssize_t result = count > 0 ? 0 : -EIO;
    close(descriptor);
    if (result < 0) return result;
    text[count] = '\0';
    return (ssize_t)strtoll(text, NULL, 10) * sysconf(_SC_PAGESIZE);
}

int csandbox_die_with_parent(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -errno;
    // The parent may have ended before the line above: then nobody will send the signal. A parent
    // in another process namespace is 0, see csandbox_process_namespace.
    pid_t now = getppid();
    return now == parent || now == 0 ? 0 : -ESRCH;
}

int csandbox_keep_descriptors(const int *descriptors, int count, int first) {
    // Two passes, so that a descriptor which already has one of the target numbers is not lost.
    int moved[16];
    if (count > (int)(sizeof moved / sizeof *moved)) return -EINVAL;
    for (int index = 0; index < count; index++) {
        moved[index] = fcntl(descriptors[index], F_DUPFD_CLOEXEC, first + count);
        if (moved[index] < 0) return -errno;
    }
    for (int index = 0; index < count; index++) {
        if (dup3(moved[index], first + index, O_CLOEXEC) < 0) return -errno;
    }
    return close_range(first + count, ~0U, 0) == 0 ? 0 : -errno;
}
