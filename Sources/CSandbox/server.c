#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <unistd.h>

enum { stream_count = 3 };

static void close_all(const int *descriptors, int count) {
    for (int index = 0; index < count; index++)
        if (descriptors[index] >= 0) close(descriptors[index]);
}

// Makes a pipe for each standard stream: `theirs` are the server's ends.
static int make_pipes(int ours[stream_count], int theirs[stream_count]) {
    for (int index = 0; index < stream_count; index++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
        bool is_input = index == 0;
        ours[index] = ends[is_input ? 1 : 0];
        theirs[index] = ends[is_input ? 0 : 1];
        if (fcntl(ours[index], F_SETFL, O_NONBLOCK) != 0) return -errno;
    }
    return 0;
}

static int add_actions(
    posix_spawn_file_actions_t *actions, const int theirs[stream_count], const char *folder
) {
    // Where a standard stream of our own is closed, a pipe may have its number.
    int clear = stream_count;
    for (int index = 0; index < stream_count; index++)
        if (theirs[index] >= clear) clear = theirs[index] + 1;
    int failure = 0;
    for (int index = 0; index < stream_count && !failure; index++)
        failure = posix_spawn_file_actions_adddup2(actions, theirs[index], clear + index);
    for (int index = 0; index < stream_count && !failure; index++)
        failure = posix_spawn_file_actions_adddup2(actions, clear + index, index);
    if (!failure) failure = posix_spawn_file_actions_addclosefrom_np(actions, stream_count);
    if (!failure && folder) failure = posix_spawn_file_actions_addchdir_np(actions, folder);
    return failure;
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int failure = posix_spawnattr_setsigmask(attributes, &none);
    if (!failure) failure = posix_spawnattr_setsigdefault(attributes, &all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
    return failure ? failure : posix_spawnattr_setflags(attributes, flags);
}

static int spawn(
    pid_t *process, const char *path, char *const arguments[], char *const environment[],
    const char *folder, const int theirs[stream_count]
) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure) return failure;
    failure = posix_spawnattr_init(&attributes);
    if (!failure) {
        failure = add_actions(&actions, theirs, folder);
        if (!failure) failure = set_attributes(&attributes);
        if (!failure)
            failure = posix_spawn(process, path, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

pid_t csandbox_spawn_server(
    const char *path, char *const arguments[], char *const environment[], const char *folder,
    int streams[3]
) {
    int ours[stream_count] = {-1, -1, -1}, theirs[stream_count] = {-1, -1, -1};
    pid_t process = 0;
    int result = make_pipes(ours, theirs);
    if (result == 0) result = -spawn(&process, path, arguments, environment, folder, theirs);
    close_all(theirs, stream_count);
    if (result < 0) {
        close_all(ours, stream_count);
        return result;
    }
    for (int index = 0; index < stream_count; index++) streams[index] = ours[index];
    return process;
}
