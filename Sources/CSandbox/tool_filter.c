#define _GNU_SOURCE
#include "tool_filter.h"
#include "filter_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP_DROPPABLE // Linux 6.11
#define MAP_DROPPABLE 0x08
#endif
#ifndef MADV_COLLAPSE // Linux 6.1
#define MADV_COLLAPSE 25
#endif
// As the kernel is given it, whatever the C library calls it.
enum { large_file = 0100000 };

static void allow_memory(filter_program *to, bool maps_libraries) {
    const uint32_t plain = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED
                           | MAP_FIXED_NOREPLACE | MAP_STACK | MAP_DROPPABLE;
    const uint32_t data = PROT_READ | PROT_WRITE;
    filter_allow_all(to, (int[]){SYS_munmap, SYS_brk, -1});
    unsigned short rule = filter_rule(to, SYS_mremap);
    filter_require_clear(to, 3, ~(uint32_t)MREMAP_MAYMOVE);
    filter_end(to, rule);
    rule = filter_rule(to, SYS_mmap);
    if (maps_libraries) {
        filter_require_clear(to, 2, ~(data | PROT_EXEC));
        filter_require_not_all(to, 2, PROT_WRITE | PROT_EXEC);
        filter_require_clear(to, 3, ~(plain | MAP_DENYWRITE));
        // Not what it writes itself: code comes from libraries.
        filter_require_at_least(to, 4, STDERR_FILENO + 1);
    } else {
        filter_require_clear(to, 2, ~data);
        filter_require_set(to, 3, MAP_ANONYMOUS);
        filter_require_clear(to, 3, ~plain);
    }
    filter_end(to, rule);
    rule = filter_rule(to, SYS_mprotect);
    filter_require_clear(to, 2, ~data);
    filter_end(to, rule);
    rule = filter_rule(to, SYS_madvise);
    const int advice[] = {MADV_DONTNEED,   MADV_FREE,     MADV_HUGEPAGE,
                          MADV_NOHUGEPAGE, MADV_COLLAPSE, MADV_DONTDUMP};
    filter_require_any_of(to, 2, advice, sizeof advice / sizeof *advice);
    filter_end(to, rule);
}

static void allow_files(filter_program *to, bool reads_libraries) {
    filter_allow_all(
        to, (int[]){SYS_read, SYS_pread64, SYS_write, SYS_close, SYS_fstat, SYS_lseek, -1}
    );
    if (reads_libraries) {
        unsigned short rule = filter_rule(to, SYS_openat);
        filter_require_clear(to, 2, ~(uint32_t)(O_RDONLY | O_CLOEXEC | large_file));
        filter_end(to, rule);
        // How the C library asks about a descriptor.
        rule = filter_rule(to, SYS_newfstatat);
        filter_require(to, 3, AT_EMPTY_PATH);
        filter_end(to, rule);
    }
    unsigned short rule = filter_rule(to, SYS_fcntl);
    filter_require_any_of(to, 1, (int[]){F_GETFD, F_SETFD, F_GETFL}, 3);
    filter_end(to, rule);
    const int by_path[] = {
#if defined(__x86_64__)
        SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink,
#endif
        SYS_openat, SYS_newfstatat, SYS_readlinkat, SYS_faccessat, SYS_statx, -1,
    };
    filter_fail_all(to, by_path, ENOENT);
    filter_fail(to, SYS_ioctl, ENOTTY);
}

// Threads of its own, as the C library and Go make them: nothing that is not of this process.
static void allow_threads(filter_program *to) {
    const uint32_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
    const uint32_t more =
        CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    unsigned short rule = filter_rule(to, SYS_clone);
    filter_require_set(to, 0, thread);
    filter_require_clear(to, 0, ~(thread | more));
    filter_end(to, rule);
    rule = filter_rule(to, SYS_futex);
    const int private = FUTEX_PRIVATE_FLAG, realtime = FUTEX_CLOCK_REALTIME;
    const int operations[] = {
        FUTEX_WAKE,
        FUTEX_WAIT,
        FUTEX_WAIT_BITSET | realtime,
        FUTEX_WAKE | private,
        FUTEX_WAIT | private,
        FUTEX_WAIT_BITSET | private,
        FUTEX_WAIT_BITSET | private | realtime,
    };
    filter_require_any_of(to, 1, operations, sizeof operations / sizeof *operations);
    filter_end(to, rule);
    const int calls[] = {
        SYS_set_tid_address, SYS_set_robust_list, SYS_gettid, SYS_exit, SYS_exit_group,
        SYS_sched_yield, SYS_sched_getaffinity,
        // Go preempts its threads by signals, and waits for time and for files by epoll.
        SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
        SYS_restart_syscall, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2,
        SYS_pipe2,
#if defined(__x86_64__)
        SYS_arch_prctl, SYS_epoll_wait,
#endif
        -1,
    };
    filter_allow_all(to, calls);
    for (int each = 0; each < 2; each++) {
        rule = filter_rule(to, each == 0 ? SYS_tgkill : SYS_kill);
        filter_require(to, 0, getpid());
        filter_end(to, rule);
    }
}

static void allow_the_rest(filter_program *to) {
    const int calls[] = {
        SYS_getpid,       SYS_getuid,       SYS_geteuid,         SYS_getgid,    SYS_getegid,
        SYS_getcwd,       SYS_getrandom,    SYS_clock_gettime,   SYS_clock_getres,
        SYS_gettimeofday, SYS_nanosleep,    SYS_clock_nanosleep, SYS_getrlimit,
#if defined(__x86_64__)
        SYS_time,
#endif
        -1,
    };
    filter_allow_all(to, calls);
    // To ask for its limits.
    unsigned short rule = filter_rule(to, SYS_prlimit64);
    filter_require_whole(to, 0, 0);
    filter_require_whole(to, 2, 0);
    filter_end(to, rule);
    rule = filter_rule(to, SYS_execveat);
    filter_require(to, 0, csandbox_tool_program);
    filter_require(to, 4, AT_EMPTY_PATH);
    filter_end(to, rule);
}

int csandbox_filter_tool(bool is_linked_at_start) {
    filter_program rules = filter_begin(SECCOMP_RET_ERRNO | ENOSYS);
    allow_memory(&rules, is_linked_at_start);
    allow_files(&rules, is_linked_at_start);
    allow_threads(&rules);
    allow_the_rest(&rules);
    return filter_install(&rules);
}
