#define _GNU_SOURCE
#include "CSandbox.h"
#include "landlock.h"
#include "tool_filter.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    processor_second_count_max = 10,
    thread_count_max = 64,
    exit_code_unconfined = 126,
    exit_code_not_started = 127,
};
static const rlim_t data_byte_count_max = (rlim_t)1 << 30;
// Go reserves more than half a GiB before it begins.
static const rlim_t address_byte_count_max = (rlim_t)3 << 30;

static int limit(int resource, rlim_t value) {
    struct rlimit both = {value, value};
    // A limit that is lower already stays: only root could raise it.
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && now.rlim_max < value)
        both = (struct rlimit){now.rlim_max, now.rlim_max};
    return setrlimit((__rlimit_resource_t)resource, &both);
}

static int limit_resources(void) {
    // The program's descriptor has a number above the last one: nothing can take its place.
    return limit(RLIMIT_CPU, processor_second_count_max) || limit(RLIMIT_DATA, data_byte_count_max)
           || limit(RLIMIT_AS, address_byte_count_max)
           || limit(RLIMIT_NOFILE, csandbox_tool_descriptor_count) || limit(RLIMIT_CORE, 0)
           || limit(RLIMIT_MEMLOCK, 0) || limit(RLIMIT_MSGQUEUE, 0);
}

// A program and how it is linked.
typedef struct {
    int descriptor;
    bool is_linked_at_start;
    char linker[256];
} program;

// Reads the head of an ELF file of this kind of machine; anything else is not started.
static bool read_head(program *file) {
    Elf64_Ehdr head;
    if (pread(file->descriptor, &head, sizeof head, 0) != sizeof head
        || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64
        || head.e_phentsize != sizeof(Elf64_Phdr))
        return false;
    for (int index = 0; index < head.e_phnum; index++) {
        Elf64_Phdr part;
        off_t place = (off_t)(head.e_phoff + sizeof part * (size_t)index);
        if (pread(file->descriptor, &part, sizeof part, place) != sizeof part) return false;
        if (part.p_type != PT_INTERP) continue;
        size_t size = part.p_filesz;
        if (size < 2 || size > sizeof file->linker
            || pread(file->descriptor, file->linker, size, (off_t)part.p_offset) != (ssize_t)size
            || file->linker[size - 1] != '\0')
            return false;
        file->is_linked_at_start = true;
    }
    return true;
}

// Takes the program to the number csandbox_tool_program, and closes everything else but the three
// standard streams.
static bool arrange(program *file, const int descriptors[3]) {
    int copies[3];
    // Not one of the numbers that are replaced.
    for (int index = 0; index < 3; index++) {
        copies[index] = fcntl(descriptors[index], F_DUPFD, csandbox_tool_program + 1);
        if (copies[index] < 0) return false;
    }
    int kept = fcntl(file->descriptor, F_DUPFD, csandbox_tool_program + 1);
    if (kept < 0 || dup3(kept, csandbox_tool_program, O_CLOEXEC) < 0) return false;
    for (int index = 0; index < 3; index++) {
        if (dup2(copies[index], index) < 0) return false;
    }
    file->descriptor = csandbox_tool_program;
    return close_range(3, csandbox_tool_program - 1, 0) == 0
           && close_range(csandbox_tool_program + 1, ~0U, 0) == 0;
}

// Whether the kernel is new enough to count processes by the namespace of their user.
static bool counts_by_namespace(void) {
    struct utsname kernel;
    if (uname(&kernel) != 0) return false;
    char *rest;
    long major = strtol(kernel.release, &rest, 10);
    long minor = *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
    return major > 5 || (major == 5 && minor >= 14);
}

static bool confine(const program *file, pid_t server) {
    if (limit_resources() || csandbox_become_unprivileged() != 0
        || csandbox_no_new_privileges() != 0 || csandbox_drop_capabilities() != 0)
        return false;
    // Where the kernel counts threads by themselves.
    if (counts_by_namespace() && csandbox_own_process_count() == 0
        && limit(RLIMIT_NPROC, thread_count_max))
        return false;
    // What a kernel does not have is missed by the rest.
    landlock_all_but_program(
        file->descriptor, file->is_linked_at_start ? file->linker : NULL
    );
    csandbox_deny_executable_memory();
    // A change of user takes this away, and the server may have ended since.
    return csandbox_die_with_parent(server) == 0
           && csandbox_filter_tool(file->is_linked_at_start) == 0;
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
    // Also before the change of user takes it away.
    if (csandbox_die_with_parent(server) != 0 || setsid() < 0 || chdir("/") != 0)
        _exit(exit_code_unconfined);
    program file = {.descriptor = open(path, O_RDONLY | O_CLOEXEC)};
    if (file.descriptor < 0 || !read_head(&file)) _exit(exit_code_not_started);
    if (!arrange(&file, descriptors) || !confine(&file, server)) _exit(exit_code_unconfined);
    syscall(SYS_execveat, file.descriptor, "", arguments, environment, AT_EMPTY_PATH);
    _exit(exit_code_not_started);
}
