#pragma once
// Kernel interfaces that Swift cannot call by itself: variadic, macro-based or marked unavailable.
//
// Every function returns 0 or a count on success and -errno on failure, and sets no state of its
// own.

#include <stdbool.h>
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

// Gives pages of a memory file back to the system; its content is zero there afterwards.
int csandbox_memory_file_discard(int descriptor, size_t offset, size_t byte_count);

// Has malloc keep some 4 MiB of what is freed, and take blocks up to that size from there: the
// kernel zeroes each page that it gives, which for a snapshot takes longer than to write it.
void csandbox_keep_freed_memory(void);

// Has malloc give back what it keeps now: before a fork, which copies an entry for each page.
void csandbox_give_back_freed_memory(void);

// How much malloc has at its end that it does not use yet, in bytes: with less there may be no huge
// page in what it has.
enum { csandbox_heap_pad = 2 << 20 };

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

// Starts a program that only reads standard input and writes standard output and error, which are
// `input`, `output` and `errors` (none of them below 3): unprivileged, in a session of its own,
// without an environment, in `/`, with bounded time, memory and threads, able to read and run
// itself and its libraries only, to reach no other process and to open no socket, and ended with
// the thread that started it. It exits with 126 where it could not be confined, and with 127 where
// it could not be started, as what is no program of this machine. Returns the process id.
pid_t csandbox_spawn_tool(
    const char *path, char *const arguments[], int input, int output, int errors
);

// Starts a program that is not confined: the leader of a session and group of its own, which has no
// terminal, whose standard streams are pipes, which has no other descriptor of ours, and for which
// no signal is blocked or ignored. `streams` get our ends, which never block: to its standard
// input, from its standard output and error. `folder` is where it runs, or NULL. Lists end with
// NULL. Returns the process id.
pid_t csandbox_spawn_server(
    const char *path, char *const arguments[], char *const environment[], const char *folder,
    int streams[3]
);

// Waits until a child has ended; it is left to be reaped. -ETIMEDOUT if it has not in time.
int csandbox_await_end(pid_t child, int milliseconds);

// A close-on-exec descriptor that becomes readable when a child has ended, which is left to be
// reaped.
int csandbox_process_descriptor(pid_t child);

// fork(2). Only for a process that has one thread.
pid_t csandbox_fork(void);

// Copies V8's code and the program's own into huge pages, in a thread, while this one goes on:
// csandbox_begin_forking puts them in their place. NULL if that cannot be begun.
typedef struct csandbox_copies csandbox_copies;
csandbox_copies *csandbox_copy_code(void);

// Makes forks of this process cheap. To be called while there is no thread but this one and that of
// `copies`, which ends here, and while memory may be made executable.
//
// The libraries that libnode is linked with for Node's own sake are not there in forks: none of
// their code is ever called, and each fork would pay for their mappings. So nothing may be looked
// up by name there (dlsym) that is not found before them. With `copies`, which may be NULL, the
// code and malloc's memory are in huge pages, where the kernel has them: a fork copies one entry
// for each instead of 512, and need not bring in anew what it runs of the code. Returns how many
// bytes of code are there: the kernel counts them as each process's own.
size_t csandbox_begin_forking(csandbox_copies *copies);

// A descriptor that becomes readable when a child of this process ends; blocks the signal for
// everything else. Reading is not needed: wait for children until there are none.
int csandbox_child_signal(void);

// Takes one pending notice off a descriptor of csandbox_child_signal.
void csandbox_child_signal_clear(int descriptor);

// A counter to wake a thread that polls: add to it, and clear it once awake.
int csandbox_event(void);
void csandbox_event_add(int event);
void csandbox_event_clear(int event);

// Makes this process the leader of a group of its own, which its forks belong to.
int csandbox_lead_group(void);

// Ends every process of a group with SIGKILL; harmless when there is none.
int csandbox_kill_group(pid_t leader);

// A page of zeros that this process will share with its forks. NULL if there is none.
uint32_t *csandbox_shared_words(void);

// Changes a shared word if it is `from`. Returns whether it was.
int csandbox_word_change(uint32_t *word, uint32_t from, uint32_t to);
uint32_t csandbox_word_get(const uint32_t *word);

// Changes a shared word, and wakes who waits for it.
void csandbox_word_set(uint32_t *word, uint32_t value);
void csandbox_word_wake(uint32_t *word);

// Waits while a shared word is `value`, for a time, and perhaps less.
void csandbox_word_wait(uint32_t *word, uint32_t value, uint32_t milliseconds);

// Waits until a child has ended, and reaps it.
int csandbox_await_child(pid_t child, int *status);

// Reaps a child if it has ended. Returns whether it has.
int csandbox_look_at_child(pid_t child, int *status);

// The number of threads in this process.
int csandbox_thread_count(void);

// How many bytes of address space this process has. Needs /proc.
ssize_t csandbox_address_byte_count(void);

// Ends this process with SIGKILL when the thread that forked it ends. Call first thing in a child,
// with the parent's id as it was before the fork: -ESRCH tells that the parent is gone already.
// A parent outside of this process's namespace is not seen; the namespace then ends with it.
int csandbox_die_with_parent(pid_t parent);

// Takes `descriptors[i]` to the number `first + i` and closes every other descriptor from `first`
// on.
int csandbox_keep_descriptors(const int *descriptors, int count, int first);

// ---- Confinement ----
//
// Each call is one step by itself, so that the caller knows what the kernel refuses. All of them
// hold for good: for this process, or this thread and the ones it starts, and for their children.

// Makes this process the first to be ended when memory is short. Needs /proc.
int csandbox_out_of_memory_first(void);

// Takes a user and group without rights, and no further groups. Does nothing for a caller that is
// not root. Everything that root alone may do must have been done before.
int csandbox_become_unprivileged(void);

// Gives up every capability, and the ways to get one back. -EPERM if one is left.
int csandbox_drop_capabilities(void);

int csandbox_no_new_privileges(void);

// Hides this process's memory from others of the same user (ptrace, /proc).
int csandbox_not_dumpable(void);

// Refuses memory that is executable and was, or is, writable. Not for code generation.
int csandbox_deny_executable_memory(void);

// Refuses what Landlock of this kernel can refuse: files, TCP, abstract sockets and signals of
// others.
int csandbox_landlock(void);

// Whether this process may make namespaces without a user namespace of its own.
int csandbox_can_make_namespaces(void);

// Moves this process, which must have one thread, into a user namespace in which it has every
// capability and its own user id only. Needs /proc.
int csandbox_user_namespace(void);

int csandbox_network_namespace(void);

// New namespaces for System V objects, host names and control groups.
int csandbox_other_namespaces(void);

// A mount namespace with nothing in it but an empty directory that cannot be written to.
int csandbox_empty_root(void);

// Has children of this process, not itself, begin in a new process namespace.
int csandbox_process_namespace(void);

// Forks the first process of that namespace, before any other child: it does nothing and ends with
// the caller, and every other process of the namespace ends with it.
int csandbox_hold_process_namespace(void);

// Has the kernel count this process, its threads and its forks by themselves: RLIMIT_NPROC is then
// a limit on them, not on everything that the user runs. By a user namespace, in which it gives up
// what it could do there. For a process with one thread; Linux 5.14.
int csandbox_own_process_count(void);

// Starts a thread and returns when it runs: nothing of its start is left to be done in the kernel.
int csandbox_start_thread(void *(*body)(void *), void *context);

typedef struct {
    // Descriptors that may be read from: `channel` may also be sent on, `event` also written to.
    int channel;
    int event;
    // Whether the process may fork: nothing but a copy of itself, and as many as RLIMIT_NPROC says.
    int forks;
    // Whether memory may be made executable.
    int executable_memory;
    // Whether what is not allowed fails with EPERM, instead of ending the process.
    int lenient;
} csandbox_filter;

// Leaves every thread of this process the system calls that running JavaScript needs.
int csandbox_filter_system_calls(csandbox_filter filter);

// Tries what a broken-out script would. Returns how many attempts there are; `*escaped` is the name
// of the first that was not refused, or NULL.
int csandbox_try_to_escape(const char **escaped);

// Whether who manages control groups says that this one was given away.
int csandbox_is_marked_delegated(const char *path);

#ifdef __cplusplus
}
#endif
