#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE // Linux 6.3
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

// The id that Linux itself gives to nobody.
enum { unprivileged_id = 65534 };

int csandbox_out_of_memory_first(void) {
    int descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    int result = write(descriptor, "1000", 4) == 4 ? 0 : -errno;
    close(descriptor);
    return result;
}

int csandbox_become_unprivileged(void) {
    uid_t real, effective, saved;
    if (getresuid(&real, &effective, &saved) != 0) return -errno;
    if (real != 0 && effective != 0 && saved != 0) return 0;
    // While there is still the capability for it; the calls below take it away.
    for (int capability = 0; capability < 64; capability++) {
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    if (setgroups(0, NULL) != 0
        || setresgid(unprivileged_id, unprivileged_id, unprivileged_id) != 0
        || setresuid(unprivileged_id, unprivileged_id, unprivileged_id) != 0) {
        return -errno;
    }
    return setresuid(-1, 0, -1) != 0 ? 0 : -EPERM;
}

static int give_up_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    memset(sets, 0, sizeof sets);
    if (syscall(SYS_capset, &header, sets) != 0) return -errno;
    if (syscall(SYS_capget, &header, sets) != 0) return -errno;
    for (int half = 0; half < _LINUX_CAPABILITY_U32S_3; half++) {
        if (sets[half].effective | sets[half].permitted | sets[half].inheritable) return -EPERM;
    }
    return 0;
}

int csandbox_drop_capabilities(void) {
    // Refused without CAP_SETPCAP, and then of no weight: what has no capability and no new
    // privileges gets none back.
    for (int capability = 0; capability < 64; capability++) {
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    prctl(
        PR_SET_SECUREBITS,
        SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP
            | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED
            | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
        0, 0, 0
    );
    return give_up_capabilities();
}

int csandbox_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno;
}

int csandbox_not_dumpable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -errno;
}

int csandbox_deny_executable_memory(void) {
    return prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0 ? 0 : -errno;
}

int csandbox_own_process_count(void) {
    // The ways to get a capability back are closed already, by csandbox_no_new_privileges.
    return unshare(CLONE_NEWUSER) == 0 ? give_up_capabilities() : -errno;
}
