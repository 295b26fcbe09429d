#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// One call of each kind that the filter must refuse; Tests/SandboxAttacks tries many more.
static long attempt(int index, const char **name) {
    static char buffer[64];
    char *const arguments[] = {"/bin/sh", NULL};
    switch (index) {
    case 0: *name = "open a file"; return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY);
    case 1: *name = "make a socket"; return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    case 2: *name = "make a network socket"; return syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    case 3: *name = "execute a program"; return syscall(SYS_execve, *arguments, arguments, NULL);
    case 4: *name = "signal its parent"; return syscall(SYS_kill, getppid(), 0);
    case 5: *name = "signal every process"; return syscall(SYS_kill, -1, 0);
    case 6: *name = "trace its parent"; return syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
    case 7: *name = "make a namespace"; return syscall(SYS_unshare, CLONE_NEWUSER);
    case 8: *name = "make a memory file"; return syscall(SYS_memfd_create, "", 0);
    case 9: *name = "set up io_uring"; return syscall(SYS_io_uring_setup, 1, buffer);
    case 10: *name = "load a BPF program"; return syscall(SYS_bpf, 0, buffer, sizeof buffer);
    case 11: *name = "use a key ring"; return syscall(SYS_keyctl, 0, -4, 0);
    case 12: *name = "be dumpable"; return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    case 13: *name = "receive descriptors"; return syscall(SYS_recvmsg, 3, buffer, MSG_DONTWAIT);
    case 14: *name = "copy a descriptor"; return syscall(SYS_dup, 0);
    case 15:
        *name = "map executable memory";
        return mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
                                                                                             : 0;
    case 16:
        *name = "map shared memory";
        return mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1
                                                                                            : 0;
    case 17:
        *name = "fork";
        long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
        if (child == 0) syscall(SYS_exit_group, 0);
        return child;
    default: *name = NULL; return -1;
    }
}

int csandbox_try_to_escape(const char **escaped) {
    *escaped = NULL;
    int index = 0;
    for (;; index++) {
        const char *name;
        long result = attempt(index, &name);
        if (!name) return index;
        if (result >= 0 && !*escaped) *escaped = name;
    }
}
