#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int write_file(const char *path, const char *text) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    ssize_t byte_count = (ssize_t)strlen(text);
    int result = write(descriptor, text, (size_t)byte_count) == byte_count ? 0 : -errno;
    close(descriptor);
    return result;
}

static int leave(int namespaces) {
    return unshare(namespaces) == 0 ? 0 : -errno;
}

int csandbox_can_make_namespaces(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, sets) != 0) return -errno;
    return (sets[0].effective >> CAP_SYS_ADMIN) & 1;
}

int csandbox_user_namespace(void) {
    uid_t user = geteuid();
    gid_t group = getegid();
    // A process that changed its user does not own its own files in /proc otherwise.
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return -errno;
    if (unshare(CLONE_NEWUSER) != 0) return -errno;
    char line[64];
    int result = write_file("/proc/self/setgroups", "deny");
    if (result != 0) return result;
    snprintf(line, sizeof line, "%u %u 1", user, user);
    result = write_file("/proc/self/uid_map", line);
    if (result != 0) return result;
    snprintf(line, sizeof line, "%u %u 1", group, group);
    return write_file("/proc/self/gid_map", line);
}

int csandbox_network_namespace(void) {
    return leave(CLONE_NEWNET);
}

int csandbox_other_namespaces(void) {
    return leave(CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
}

int csandbox_empty_root(void) {
    // Any directory that is everywhere will do: only this process sees what is put over it.
    const char *place = "/proc";
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (unshare(CLONE_NEWNS) != 0) return -errno;
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -errno;
    if (mount("none", place, "tmpfs", flags, "size=4k,nr_inodes=2,mode=555") != 0) return -errno;
    if (chdir(place) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return -errno;
    // The old root lies over the new one now, until it is taken away.
    if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0) return -errno;
    return mount("none", "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) == 0 ? 0
                                                                                         : -errno;
}

int csandbox_process_namespace(void) {
    return leave(CLONE_NEWPID);
}

// The first process of a namespace. What it waits for ends with the process that made it.
static _Noreturn void hold(int parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "mcp-v8-holder");
    // What a worker forked and did not outlive is reaped by the kernel.
    signal(SIGCHLD, SIG_IGN);
    if (dup2(parent, 0) < 0 || close_range(1, ~0U, 0) != 0) _exit(1);
    csandbox_filter_system_calls((csandbox_filter){.channel = 0, .event = 0});
    char byte;
    while (read(0, &byte, 1) > 0 || errno == EINTR) errno = 0;
    _exit(0);
}

int csandbox_hold_process_namespace(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    pid_t first = fork();
    int result = first < 0 ? -errno : 0;
    if (first == 0) {
        // Its own copy would keep it from ever seeing the end.
        close(ends[1]);
        hold(ends[0]);
    }
    close(ends[0]);
    // Else the other end stays open for as long as this process lives; workers close theirs.
    if (result != 0) close(ends[1]);
    return result;
}
