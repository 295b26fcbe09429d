#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    processor_second_count_max = 10,
    descriptor_count_max = 32,
    exit_code_unconfined = 126,
    exit_code_not_started = 127,
};
static const rlim_t data_byte_count_max = (rlim_t)1 << 30;

static int limit(int resource, rlim_t value) {
    struct rlimit both = {value, value};
    return setrlimit((__rlimit_resource_t)resource, &both);
}

// Refuses to make, change and remove files, where the kernel has Landlock; the program itself must
// still be read and run.
static void refuse_writing(void) {
    struct {
        uint64_t files;
    } handled = {.files = LANDLOCK_ACCESS_FS_WRITE_FILE};
    for (int right = 4; right <= 12; right++) handled.files |= (uint64_t)1 << right;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (ruleset < 0) return;
    syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
}

// Refuses what a filter of text has no use for: sockets, other processes, and what has been a way
// into kernels. What a program's runtime asks for differs from build to build, so the rest is
// allowed.
static int refuse_system_calls(void) {
    static const int refused[] = {
        SYS_socket,         SYS_socketpair,   SYS_ptrace,           SYS_process_vm_readv,
        SYS_process_vm_writev, SYS_kill,      SYS_mount,            SYS_umount2,
        SYS_unshare,        SYS_setns,        SYS_chroot,           SYS_pivot_root,
        SYS_bpf,            SYS_perf_event_open, SYS_io_uring_setup, SYS_userfaultfd,
        SYS_keyctl,         SYS_add_key,      SYS_request_key,      SYS_open_by_handle_at,
        SYS_pidfd_open,     SYS_pidfd_getfd,  SYS_memfd_create,     SYS_shmget,
        SYS_msgget,         SYS_semget,
    };
    enum { count = sizeof refused / sizeof *refused };
    struct sock_filter code[count + 3];
    code[0] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)
    );
    for (int index = 0; index < count; index++) {
        code[index + 1] = (struct sock_filter
        )BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refused[index], count - index, 0);
    }
    code[count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[count + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    struct sock_fprog program = {.len = count + 3, .filter = code};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

static int confine(void) {
    if (limit(RLIMIT_CPU, processor_second_count_max) || limit(RLIMIT_DATA, data_byte_count_max)
        || limit(RLIMIT_NOFILE, descriptor_count_max) || limit(RLIMIT_CORE, 0))
        return -1;
    if (csandbox_become_unprivileged() != 0 || csandbox_no_new_privileges() != 0
        || csandbox_drop_capabilities() != 0)
        return -1;
    refuse_writing();
    return refuse_system_calls();
}

pid_t csandbox_spawn_tool(
    const char *path, char *const arguments[], int input, int output, int errors
) {
    pid_t server = getpid();
    pid_t child = fork();
    if (child != 0) return child < 0 ? -errno : child;
    // Another thread of the parent may have held any lock: only system calls from here on.
    static char *const environment[] = {NULL};
    const int descriptors[] = {input, output, errors};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != server || setsid() < 0 || chdir("/") != 0) _exit(exit_code_unconfined);
    for (int index = 0; index < 3; index++) {
        // Not one of the numbers that are replaced.
        int copy = fcntl(descriptors[index], F_DUPFD, 3);
        if (copy < 0 || dup2(copy, index) < 0) _exit(exit_code_unconfined);
    }
    if (close_range(3, ~0U, 0) != 0 || confine() != 0) _exit(exit_code_unconfined);
    execve(path, arguments, environment);
    _exit(exit_code_not_started);
}
