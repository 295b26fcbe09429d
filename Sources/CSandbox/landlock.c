#define _GNU_SOURCE
#include "landlock.h"
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// A set of rules that refuses everything which this kernel's Landlock knows. Returns its descriptor
// or -errno.
static int make_rules(void) {
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 0) return -errno;
    // What the newest kernel header here may not know yet: rights by the version that brought them.
    struct {
        uint64_t files;
        uint64_t network;
        uint64_t scopes;
    } handled = {.files = (1 << 13) - 1};
    if (version >= 2) handled.files |= 1 << 13; // to move between directories
    if (version >= 3) handled.files |= 1 << 14; // to truncate
    if (version >= 5) handled.files |= 1 << 15; // ioctl on devices
    if (version >= 4) handled.network = 3;      // TCP bind, connect
    if (version >= 6) handled.scopes = 3;       // abstract sockets, signals
    size_t byte_count = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, byte_count, 0);
    return rules < 0 ? -errno : rules;
}

static int apply(int rules) {
    int result = syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? 0 : -errno;
    close(rules);
    return result;
}

int csandbox_landlock(void) {
    int rules = make_rules();
    return rules < 0 ? rules : apply(rules);
}

static int allow(int rules, int place, uint64_t rights) {
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = place};
    return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0
               ? 0
               : -errno;
}

// What is not there need not be allowed.
static void allow_path(int rules, const char *path, uint64_t rights) {
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0) return;
    allow(rules, place, rights);
    close(place);
}

int landlock_all_but_program(int program, const char *linker) {
    const uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE;
    const uint64_t run = read | LANDLOCK_ACCESS_FS_EXECUTE;
    static const char *const libraries[] = {
        "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", NULL,
    };
    int rules = make_rules();
    if (rules < 0) return rules;
    int result = allow(rules, program, run);
    if (result != 0) {
        close(rules);
        return result;
    }
    if (linker) {
        allow_path(rules, linker, run);
        for (int each = 0; libraries[each]; each++) allow_path(rules, libraries[each], read);
    }
    return apply(rules);
}
