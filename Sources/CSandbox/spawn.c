#define _GNU_SOURCE
#include "CSandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

enum { first_descriptor = 3 };

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t every_signal, no_signal;
    sigfillset(&every_signal);
    sigemptyset(&no_signal);
    int error = posix_spawnattr_setsigdefault(attributes, &every_signal);
    if (!error) error = posix_spawnattr_setsigmask(attributes, &no_signal);
    short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (!error) error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

static int
set_actions(posix_spawn_file_actions_t *actions, const char *folder, int descriptor) {
    // The descriptor moves first: its number may be one that is replaced below.
    int error = posix_spawn_file_actions_adddup2(actions, descriptor, first_descriptor);
    if (!error) error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (!error) error = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, first_descriptor + 1);
    if (!error) error = posix_spawn_file_actions_addchdir_np(actions, folder);
    return error;
}

pid_t csandbox_spawn(
    const char *path, char *const arguments[], const char *folder, int descriptor
) {
    // Swift would otherwise start a debugger of its own on a process that crashes.
    // What the linker looks up late each worker would look up for itself.
    char *const environment[] = {
        "TZ=UTC", "LC_ALL=C", "SWIFT_BACKTRACE=enable=no", "LD_BIND_NOW=1", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return -error;
    }
    pid_t process = 0;
    error = set_attributes(&attributes);
    if (!error) error = set_actions(&actions, folder, descriptor);
    if (!error) error = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error ? -error : process;
}
