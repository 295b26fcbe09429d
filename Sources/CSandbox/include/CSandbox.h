#pragma once
// Kernel interfaces that Swift cannot call by itself: variadic, macro-based or marked unavailable.
//
// Every function returns 0 or a count on success and -errno on failure, and sets no state of its
// own.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

// Opens an anonymous memory file of `byte_count` bytes whose size is sealed: nobody can make it
// larger or smaller. Pages are taken when they are first written. Close-on-exec. Returns the
// descriptor.
int csandbox_memory_file(const char *name, size_t byte_count);

// Gives the pages of a memory file back to the system; its content is zero afterwards.
int csandbox_memory_file_discard(int descriptor, size_t byte_count);

// Makes a pair of connected close-on-exec Unix sockets. Nothing else can connect to them.
int csandbox_stream_pair(int descriptors[2]);
int csandbox_datagram_pair(int descriptors[2]
); // SOCK_SEQPACKET: keeps message boundaries, reports the peer's end

// Sends one datagram, with descriptors. Blocks. Returns `byte_count`. SIGPIPE is never raised.
ssize_t csandbox_send(
    int socket, const void *bytes, size_t byte_count, const int *descriptors,
    size_t descriptor_count
);

// Receives one datagram and the descriptors that came with it. Blocks; starts again after a signal.
// Returns the datagram's size, 0 at the peer's end, -EMSGSIZE if it was longer than `capacity` or
// came with more than `descriptor_capacity` descriptors (which are closed). With a capacity of 0
// descriptors are never accepted.
ssize_t csandbox_receive(
    int socket, void *bytes, size_t capacity, int *descriptors, size_t descriptor_capacity,
    size_t *descriptor_count
);

// Starts the program at `path` in a session of its own: `descriptor` is its 3, standard input and
// output are /dev/null, standard error is the caller's, nothing else is open, the directory is `/`,
// no signal is blocked or ignored, and the environment says `TZ=UTC` and `LC_ALL=C` only.
// `arguments` end with NULL. Returns the process id.
pid_t csandbox_spawn(const char *path, char *const arguments[], int descriptor);

// fork(2). Only for a process that has one thread.
pid_t csandbox_fork(void);

// A descriptor that becomes readable when a child of this process ends; blocks the signal for
// everything else. Reading is not needed: wait for children until there are none.
int csandbox_child_signal(void);

// Takes one pending notice off a descriptor of csandbox_child_signal.
void csandbox_child_signal_clear(int descriptor);

// A counter to wake a thread that polls: add to it, and clear it once awake.
int csandbox_event(void);
void csandbox_event_add(int event);
void csandbox_event_clear(int event);

// The number of threads in this process.
int csandbox_thread_count(void);

// Ends this process with SIGKILL when the thread that forked it ends. Call first thing in a child,
// with the parent's id as it was before the fork: -ESRCH tells that the parent is gone already.
int csandbox_die_with_parent(pid_t parent);

// Takes `descriptors[i]` to the number `first + i` and closes every other descriptor from `first`
// on.
int csandbox_keep_descriptors(const int *descriptors, int count, int first);

#ifdef __cplusplus
}
#endif
