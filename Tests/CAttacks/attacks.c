#define _GNU_SOURCE
#include "CAttacks.h"
#include "memory_attacks.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

// Stand for values that are known only when an attempt is made.
#define TARGET INTPTR_MIN
#define SOCKET (INTPTR_MIN + 1)
#define PRIVATE_FILE (INTPTR_MIN + 2)
#define POINTER(object) ((long)(object))
// What the C library gives to clone() for fork().
#define COPY (CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD)

static char scratch[4096];
static char other[4096];
static struct iovec here = {scratch, 8};
static struct iovec there = {other, 8};
static char control[64];
static struct msghdr message = {
    .msg_iov = &here, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
static struct sockaddr_in address = {.sin_family = AF_INET};
static struct rlimit more = {99, 99};
static struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
static struct { uint64_t flags, mode, resolve; } how;
static int pair[2];
static const char *const shell[] = {"/bin/sh", NULL};

typedef struct {
    const char *name;
    long call;
    long arguments[6];
} attempt;

static const attempt calls[] = {
    // Files
    {"open a file", SYS_openat, {AT_FDCWD, POINTER("/etc/passwd")}},
    {"open its user's file", SYS_openat, {AT_FDCWD, PRIVATE_FILE}},
    {"open a file anew", SYS_openat2, {AT_FDCWD, POINTER("/etc/passwd"), POINTER(&how), 24}},
    {"list the root", SYS_openat, {AT_FDCWD, POINTER("/"), O_DIRECTORY}},
    {"read its own map", SYS_openat, {AT_FDCWD, POINTER("/proc/self/maps")}},
    {"write its own memory", SYS_openat, {AT_FDCWD, POINTER("/proc/self/mem"), O_RDWR}},
    {"read an environment", SYS_openat, {AT_FDCWD, POINTER("/proc/1/environ")}},
    {"create a file", SYS_openat, {AT_FDCWD, POINTER("/tmp/x"), O_CREAT | O_WRONLY, 0600}},
    {"create a nameless file", SYS_openat, {AT_FDCWD, POINTER("/tmp"), O_TMPFILE | O_RDWR, 0600}},
    {"make a directory", SYS_mkdirat, {AT_FDCWD, POINTER("/x"), 0700}},
    {"remove a file", SYS_unlinkat, {AT_FDCWD, POINTER("/x"), 0}},
    {"link a file", SYS_linkat, {AT_FDCWD, POINTER("/x"), AT_FDCWD, POINTER("/y"), 0}},
    {"rename a file", SYS_renameat2, {AT_FDCWD, POINTER("/x"), AT_FDCWD, POINTER("/y"), 0}},
    {"make a device", SYS_mknodat, {AT_FDCWD, POINTER("/x"), 020600, 0x0103}},
    {"make a memory file", SYS_memfd_create, {POINTER("x"), 0}},
    {"make a secret memory file", SYS_memfd_secret, {0}},
    {"open by handle", SYS_open_by_handle_at, {SOCKET, POINTER(scratch), 0}},
    {"change directory", SYS_chdir, {POINTER("/")}},
    {"copy a descriptor", SYS_dup, {SOCKET}},
    {"copy a descriptor again", SYS_fcntl, {SOCKET, F_DUPFD, 0}},
    {"own a descriptor's signals", SYS_fcntl, {SOCKET, F_SETOWN, 1}},
    {"close a descriptor", SYS_close, {0}},
    {"close many descriptors", SYS_close_range, {0, 2, 0}},
    {"lengthen a file", SYS_ftruncate, {2, 1 << 30}},
    {"read another descriptor", SYS_read, {2, POINTER(scratch), 1}},
    {"write to its channel by write", SYS_write, {SOCKET, POINTER("x"), 1}},
    {"splice", SYS_splice, {SOCKET, 0, SOCKET, 0, 1, 0}},
    // Sockets
    {"make an IPv4 socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
    {"make an IPv6 socket", SYS_socket, {AF_INET6, SOCK_DGRAM, 0}},
    {"make a Unix socket", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
    {"make a netlink socket", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
    {"make a packet socket", SYS_socket, {AF_PACKET, SOCK_RAW, 0}},
    {"make a VM socket", SYS_socket, {AF_VSOCK, SOCK_STREAM, 0}},
    {"make an encryption socket", SYS_socket, {AF_ALG, SOCK_SEQPACKET, 0}},
    {"make a pair of sockets", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, POINTER(pair)}},
    {"make a pipe", SYS_pipe2, {POINTER(pair), 0}},
    {"connect", SYS_connect, {SOCKET, POINTER(&address), sizeof address}},
    {"send descriptors", SYS_sendmsg, {SOCKET, POINTER(&message), MSG_NOSIGNAL}},
    {"receive descriptors", SYS_recvmsg, {SOCKET, POINTER(&message), MSG_DONTWAIT}},
    {"send to an address",
     SYS_sendto,
     {SOCKET, POINTER("x"), 1, MSG_NOSIGNAL, POINTER(&address), sizeof address}},
    {"send out of band", SYS_sendto, {SOCKET, POINTER("x"), 1, MSG_NOSIGNAL | MSG_OOB, 0, 0}},
    {"send elsewhere", SYS_sendto, {2, POINTER("x"), 1, MSG_NOSIGNAL, 0, 0}},
    {"change its socket", SYS_setsockopt, {SOCKET, SOL_SOCKET, SO_SNDBUF, POINTER(scratch), 4}},
    // Programs and processes
    {"execute a program", SYS_execve, {POINTER("/bin/sh"), POINTER(shell), 0}},
    {"execute a program by descriptor",
     SYS_execveat,
     {AT_FDCWD, POINTER("/bin/sh"), POINTER(shell), 0, 0}},
    {"make a process anew", SYS_clone3, {POINTER(scratch), 88}},
    {"trace another process", SYS_ptrace, {PTRACE_ATTACH, TARGET, 0, 0}},
    {"be traced", SYS_ptrace, {PTRACE_TRACEME, 0, 0, 0}},
    {"read another's memory",
     SYS_process_vm_readv,
     {TARGET, POINTER(&here), 1, POINTER(&there), 1}},
    {"write another's memory",
     SYS_process_vm_writev,
     {TARGET, POINTER(&here), 1, POINTER(&there), 1}},
    {"signal another process", SYS_kill, {TARGET, 0}},
    {"signal every process", SYS_kill, {-1, 0}},
    {"signal its group", SYS_kill, {0, 0}},
    {"signal another's thread", SYS_tgkill, {TARGET, TARGET, 0}},
    {"signal a thread by number", SYS_tkill, {TARGET, 0}},
    {"queue a signal", SYS_rt_sigqueueinfo, {TARGET, 0, POINTER(scratch)}},
    {"queue a signal for another's thread",
     SYS_rt_tgsigqueueinfo,
     {TARGET, TARGET, 0, POINTER(scratch)}},
    {"hold another process", SYS_pidfd_open, {TARGET, 0}},
    {"take another's descriptor", SYS_pidfd_getfd, {SOCKET, 0, 0}},
    {"signal by descriptor", SYS_pidfd_send_signal, {SOCKET, 0, 0, 0}},
    {"compare processes", SYS_kcmp, {TARGET, TARGET, 0, 0, 0}},
    {"install a signal handler", SYS_rt_sigaction, {SIGTERM, 0, POINTER(scratch), 8}},
    {"wait for a process", SYS_wait4, {-1, 0, 1, 0}},
    {"start a session", SYS_setsid, {0}},
    {"lead a group", SYS_setpgid, {0, 0}},
    {"join a group", SYS_setpgid, {0, TARGET}},
    {"make a copy anew", SYS_clone, {COPY | CLONE_VFORK, 0, 0, 0, 0}},
    {"make a sibling", SYS_clone, {COPY | CLONE_PARENT, 0, 0, 0, 0}},
    {"make a thread", SYS_clone, {COPY | CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0}},
    {"make a copy in its memory", SYS_clone, {COPY | CLONE_VM, 0, 0, 0, 0}},
    {"make a copy with its descriptors", SYS_clone, {COPY | CLONE_FILES, 0, 0, 0, 0}},
    {"make a copy as a user of its own", SYS_clone, {COPY | CLONE_NEWUSER, 0, 0, 0, 0}},
    {"make a copy that sees no others", SYS_clone, {COPY | CLONE_NEWPID, 0, 0, 0, 0}},
    {"make a copy with a descriptor", SYS_clone, {COPY | CLONE_PIDFD, 0, POINTER(scratch), 0, 0}},
    {"make a copy by the upper half", SYS_clone, {COPY | 1L << 33, 0, 0, 0, 0}},
    {"make a copy on a stack", SYS_clone, {COPY, POINTER(other + 2048), 0, 0, 0}},
    {"make a copy that ends in silence", SYS_clone, {COPY & ~SIGCHLD, 0, 0, 0, 0}},
    {"change priorities", SYS_setpriority, {PRIO_PROCESS, 0, 5}},
    {"choose processors", SYS_sched_setaffinity, {0, 8, POINTER(scratch)}},
    // Rights
    {"be root", SYS_setuid, {0}},
    {"be root in every way", SYS_setresuid, {0, 0, 0}},
    {"be in root's group", SYS_setgid, {0}},
    {"take capabilities", SYS_capset, {POINTER(scratch), POINTER(scratch)}},
    {"be dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1, 0, 0, 0}},
    {"outlive its parent", SYS_prctl, {PR_SET_PDEATHSIG, 0, 0, 0, 0}},
    {"change its filter", SYS_seccomp, {0, 0, 0}},
    {"raise a limit", SYS_prlimit64, {0, RLIMIT_NOFILE, POINTER(&more), 0}},
    {"raise its memory", SYS_prlimit64, {0, RLIMIT_DATA, POINTER(&unlimited), 0}},
    {"read another's limits", SYS_prlimit64, {TARGET, RLIMIT_DATA, 0, POINTER(scratch)}},
    {"change personality", SYS_personality, {0x0040000}},
    {"change root", SYS_chroot, {POINTER("/")}},
    {"swap root", SYS_pivot_root, {POINTER("/"), POINTER("/")}},
    {"mount", SYS_mount, {POINTER("none"), POINTER("/"), POINTER("tmpfs"), 0, 0}},
    {"unmount", SYS_umount2, {POINTER("/"), 0}},
    {"open a file system", SYS_fsopen, {POINTER("tmpfs"), 0}},
    {"open a tree", SYS_open_tree, {AT_FDCWD, POINTER("/"), 0}},
    {"make a user namespace", SYS_unshare, {CLONE_NEWUSER}},
    {"unshare files", SYS_unshare, {CLONE_FILES}},
    {"enter a namespace", SYS_setns, {SOCKET, 0}},
    {"name the host", SYS_sethostname, {POINTER("x"), 1}},
    // Wide or weak parts of the kernel
    {"set up io_uring", SYS_io_uring_setup, {4, POINTER(scratch)}},
    {"load a BPF program", SYS_bpf, {0, POINTER(scratch), 48}},
    {"handle page faults", SYS_userfaultfd, {0}},
    {"count events", SYS_perf_event_open, {POINTER(scratch), 0, -1, -1, 0}},
    {"read a key ring", SYS_keyctl, {0, -4, 0}},
    {"add a key", SYS_add_key, {POINTER("user"), POINTER("x"), POINTER("y"), 1, -4}},
    {"share System V memory", SYS_shmget, {0, 4096, 01600}},
    {"attach System V memory", SYS_shmat, {0, 0, 0}},
    {"share a message queue", SYS_msgget, {0, 01600}},
    {"share a semaphore", SYS_semget, {0, 1, 01600}},
    {"open a POSIX queue", SYS_mq_open, {POINTER("x"), O_CREAT | O_RDWR, 0600, 0}},
    {"watch files", SYS_inotify_init1, {0}},
    {"watch every file", SYS_fanotify_init, {0, 0}},
    {"poll by epoll", SYS_epoll_create1, {0}},
    {"make an event", SYS_eventfd2, {0, 0}},
    {"make a timer", SYS_timer_create, {0, 0, POINTER(scratch)}},
    {"make a timer descriptor", SYS_timerfd_create, {0, 0}},
    {"type on a terminal", SYS_ioctl, {0, 0x5412, POINTER("x")}},
    {"read the kernel's log", SYS_syslog, {3, POINTER(scratch), 10}},
    {"name the kernel", SYS_uname, {POINTER(scratch)}},
    {"load a module", SYS_init_module, {POINTER(scratch), 0, POINTER("")}},
    {"load a kernel", SYS_kexec_load, {0, 0, 0, 0}},
    {"restart the machine", SYS_reboot, {0, 0, 0, 0}},
    {"set the clock", SYS_clock_settime, {0, POINTER(scratch)}},
    {"use membarrier", SYS_membarrier, {0, 0, 0}},
    {"register rseq", SYS_rseq, {0, 0, 0, 0}},
    {"lock by inheritance", SYS_futex, {POINTER(scratch), FUTEX_TRYLOCK_PI, 0, 0, 0, 0}},
    {"move waiters", SYS_futex, {POINTER(scratch), FUTEX_REQUEUE, 0, 0, POINTER(other), 0}},
    {"wake other processes", SYS_futex, {POINTER(scratch), FUTEX_WAKE, 1, 0, 0, 0}},
    // Memory
    {"advise another's memory", SYS_process_madvise, {SOCKET, 0, 0, 0, 0}},
    {"merge memory with others", SYS_madvise, {0, 0, MADV_MERGEABLE}},
    {"lock memory", SYS_mlock, {POINTER(scratch), 4096}},
    {"move memory between nodes", SYS_move_pages, {0, 0, 0, 0, 0, 0}},
    {"remap a file's pages", SYS_remap_file_pages, {POINTER(scratch), 4096, 0, 0, 0}},
    {"map a descriptor", SYS_mmap, {0, 4096, PROT_READ, MAP_PRIVATE, 2, 0}},
    {"map memory that grows as a stack",
     SYS_mmap,
     {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0}},
    {"map huge pages",
     SYS_mmap,
     {0, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0}},
    {"map shared memory", SYS_mmap, {0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0}},
    {"map memory to write and execute",
     SYS_mmap,
     {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
};

static long make_process(void) {
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) syscall(SYS_exit_group, 0);
    return child;
}

// As the C library does for fork().
static long copy_or_go_on(void) {
    return syscall(SYS_clone, COPY, 0, 0, &scratch, 0);
}

// A copy goes on in `body`.
static long copy(void (*body)(void)) {
    long child = copy_or_go_on();
    if (child != 0) return child;
    if (body) body();
    syscall(SYS_exit_group, 0);
    return -1;
}

static void sleep_for_ever(void) {
    for (;;) syscall(SYS_nanosleep, (long[]){1, 0}, 0);
}

static long copy_itself(void) {
    return copy(NULL);
}

// One copy more than the limit lets a worker have that has given up its second thread for one.
enum { many_copies = 5 };

static long make_many_copies(void) {
    long child = 0;
    for (int count = 0; count < many_copies && child >= 0; count++) child = copy(sleep_for_ever);
    return child;
}

// The same, each by the one before, and the last one tells whether it is there.
static long make_a_row_of_copies(void) {
    int depth = 0;
    long child;
    while (depth < many_copies && (child = copy_or_go_on()) == 0) depth++;
    if (depth == many_copies) syscall(SYS_exit_group, 1);
    int status = 0;
    if (child > 0 && syscall(SYS_wait4, child, &status, 0, 0) < 0) status = 0;
    if (depth > 0) syscall(SYS_exit_group, status != 0);
    return status != 0 ? 0 : -1;
}

// A copy is not the process whose threads the filter lets it signal.
static long signal_a_copy(void) {
    long child = copy(sleep_for_ever);
    return child < 0 ? -1 : syscall(SYS_tgkill, child, child, SIGKILL);
}

static long trace_a_copy(void) {
    long child = copy(sleep_for_ever);
    return child < 0 ? -1 : syscall(SYS_ptrace, PTRACE_ATTACH, child, 0, 0);
}

static long lead_a_copy(void) {
    long child = copy(sleep_for_ever);
    return child < 0 ? -1 : syscall(SYS_setpgid, child, child);
}

static long send_on_closed(void) {
    // The upper half of an address alone must count too.
    return syscall(SYS_sendto, 3, "x", 1, MSG_NOSIGNAL, (void *)(1UL << 40), sizeof address);
}

#if defined(__x86_64__)
static long call_as_i386(void) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
    return result < 0 ? -1 : result;
}

static long call_as_x32(void) {
    return syscall(0x40000000 + SYS_getpid);
}

static long open_the_old_way(void) {
    return syscall(SYS_open, "/etc/passwd", O_RDONLY);
}

static long fork_the_old_way(void) {
    long child = syscall(SYS_fork);
    if (child == 0) syscall(SYS_exit_group, 0);
    return child;
}
#endif

static const struct {
    const char *name;
    long (*body)(void);
} routines[] = {
    {"make a process", make_process},
    {"copy itself", copy_itself},
    {"make many copies of itself", make_many_copies},
    {"make a row of copies of itself", make_a_row_of_copies},
    {"signal a copy", signal_a_copy},
    {"trace a copy", trace_a_copy},
    {"let a copy lead a group", lead_a_copy},
    {"make memory executable", make_executable},
    {"make memory executable by key", make_executable_by_key},
    {"fill memory and protect it", fill_and_protect},
    {"fill page tables", fill_page_tables},
    {"lengthen the stack", lengthen_the_stack},
    {"move memory and leave it there", move_and_leave},
    {"send to a strange address", send_on_closed},
#if defined(__x86_64__)
    {"call the kernel as i386", call_as_i386},
    {"call the kernel as x32", call_as_x32},
    {"open a file the old way", open_the_old_way},
    {"make a process the old way", fork_the_old_way},
#endif
};

enum {
    call_count = sizeof calls / sizeof *calls,
    routine_count = sizeof routines / sizeof *routines,
};

int attack_count(void) {
    return call_count + routine_count;
}

const char *attack_name(int index) {
    return index < call_count ? calls[index].name : routines[index - call_count].name;
}

int attack_try(int index, int target, int socket, const char *file) {
    if (index >= call_count) return routines[index - call_count].body() >= 0;
    long values[6];
    for (int each = 0; each < 6; each++) {
        long value = calls[index].arguments[each];
        values[each] = value == TARGET         ? target
                       : value == SOCKET       ? socket
                       : value == PRIVATE_FILE ? POINTER(file)
                                               : value;
    }
    long result = syscall(
        calls[index].call, values[0], values[1], values[2], values[3], values[4], values[5]
    );
    // An address in the upper half of the range is negative, but never this.
    return result != -1;
}

int attack_may_make_user_namespace(void) {
    pid_t child = fork();
    if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 1 : 0);
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 1;
}
