#pragma once
// V8's C++ API as far as mcp-v8 uses it, in plain C.
//
// Every function is total: bad state is an outcome, not undefined behaviour, except where a
// precondition is named. An isolate belongs to the thread that opened it; only
// cv8_isolate_terminate may be called from another thread. Borrowed bytes live until the next call
// on the same isolate.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes that somebody else owns.
typedef struct {
    const char *bytes;
    size_t byte_count;
} cv8_bytes;

// ---- The engine: one in a process ----

typedef struct {
    // Where V8's garbage-collected heap ends, in bytes; rounded to MiB. Array buffers are not in
    // it.
    uint64_t heap_byte_count_max;
    // No machine code is generated.
    bool jitless;
} cv8_options;

// Makes sure that the program with V8 in it is the one that this was built for, and changes the
// places in it that are to call functions of ours. Nothing is changed in another. Call once, before
// anything else, and before the program's code is copied. Returns what is wrong, for a person; NULL
// if nothing is.
const char *cv8_prepare(void);

// Starts V8 without threads of its own, so that the process can fork. Call once, after cv8_prepare.
// Returns what is wrong, for a person; NULL if nothing is.
const char *cv8_start(cv8_options options);

// Whether V8 may optimise what runs often in isolates that can be serialised too; of those that are
// opened from now on. Not at first.
void cv8_allow_optimizer(bool allowed);

// What an isolate's machine code may take, in bytes, where V8 makes some: it is writable at once,
// so that the kernel counts all of it as memory.
enum { cv8_code_byte_count_max = 64 << 20 };

// What snapshots are tied to. Static.
typedef struct {
    const char *v8_version;
    // The GNU build id of the program that V8 is in, as hex.
    const char *build_id;
    // The version of the table of native functions: it is part of every snapshot's format.
    uint32_t natives_version;
} cv8_identity;

cv8_identity cv8_engine_identity(void);

// Where much of V8's code and of its constants lies in the program, in whole huge pages. Empty from
// some `index` on.
cv8_bytes cv8_code_part(size_t index);

// ---- Isolates ----

typedef struct cv8_isolate cv8_isolate;

typedef enum {
    // It is never serialised, and has WebAssembly and SharedArrayBuffer.
    cv8_stateless,
    // An isolate that cv8_isolate_serialize can take.
    cv8_serializable,
} cv8_isolate_kind;

// Called for each entry that a script prints: level 0 (debug) to 4 (error), text in UTF-8, borrowed
// for the call.
typedef void (*cv8_print)(void *context, int level, const char *text, size_t byte_count);

// Opens a serializable isolate with nothing but the base heap's scripts in it. NULL if one of them
// fails, with the reason on standard error: a defect of the program.
cv8_isolate *cv8_isolate_open_base(void);

// The part of a snapshot with V8's read-only objects, which all isolates of a process share; empty
// if it cannot be told.
cv8_bytes cv8_snapshot_read_only_part(cv8_bytes snapshot);

// Opens an isolate on a snapshot; the bytes are not needed afterwards. Precondition: they were made
// by cv8_isolate_serialize of the same V8 build, mode and natives version, unaltered: V8 ends the
// process otherwise. NULL only if the snapshot holds no base heap.
cv8_isolate *
cv8_isolate_open(cv8_isolate_kind kind, cv8_bytes snapshot, cv8_print print, void *print_context);

// Begins anew what an isolate draws random numbers from: Math.random, and what V8 draws for itself.
// One that was forked along with its process draws what the other draws. Equal seeds give equal
// numbers.
void cv8_isolate_seed(cv8_isolate *isolate, int64_t seed);

// Ends an isolate. NULL is allowed.
void cv8_isolate_dispose(cv8_isolate *isolate);

// Says that this process has the isolates that its forks are to share: memory that ended ones have
// left for the next is given back to the system.
void cv8_begin_forking(void);

// Makes the isolate's JavaScript end as soon as V8 looks; it cannot be used for anything but
// disposal afterwards. From any thread, while the isolate is open.
void cv8_isolate_terminate(cv8_isolate *isolate);

typedef enum {
    cv8_usable,
    // It was terminated.
    cv8_ended,
    // It was, as the heap limit was reached.
    cv8_out_of_memory,
} cv8_state;

// Whether the isolate can run scripts.
cv8_state cv8_isolate_state(cv8_isolate *isolate);

// Bytes in use in V8's heap and in array buffers.
uint64_t cv8_isolate_heap_byte_count(cv8_isolate *isolate);

// What tells whether V8's insides are as they are taken to be.
typedef struct {
    // Whether the optimiser is allowed, and was seen to be held back by what is cleared for it.
    bool optimizer_is_in_use;
    // How many calls of V8's functions were led to ours.
    size_t led_call_count;
    // How many collections of garbage this thread has left out before snapshots, as the one before
    // had left nothing to find.
    uint64_t left_out_collection_count;
    // Bytes of machine code in the isolate. The same in all that have run nothing: what all have is
    // no script's.
    uint64_t code_byte_count;
} cv8_observation;

cv8_observation cv8_isolate_observe(cv8_isolate *isolate);

// ---- Running ----

typedef enum {
    // The script waits: for a timer, or for something that will never come.
    cv8_waiting,
    // The script is over and its value is kept for cv8_isolate_describe_value.
    cv8_fulfilled,
    // Something was thrown or rejected and is kept for cv8_isolate_describe_error.
    cv8_failed,
    // As cv8_failed, and the script does not parse.
    cv8_failed_to_parse,
    // The isolate was terminated.
    cv8_terminated,
} cv8_progress;

// Runs a script in REPL mode up to its first wait, without draining microtasks. `name` is its file
// name in stacks.
cv8_progress cv8_isolate_begin(cv8_isolate *isolate, cv8_bytes code, const char *name);

// Runs microtasks and V8's own tasks until there are none.
cv8_progress cv8_isolate_drain(cv8_isolate *isolate);

// Milliseconds until the next timer is due, negative if there is none.
double cv8_isolate_next_timer_delay(cv8_isolate *isolate);

// Runs one due timer.
cv8_progress cv8_isolate_run_timer(cv8_isolate *isolate);

// What the script's timers wait for, for a person; empty if there are none. Also of an isolate that
// was terminated.
cv8_bytes cv8_isolate_pending_timers(cv8_isolate *isolate);

// Where functions wait that are suspended in an `await`, the script's own first, as
// `run_js:3:7, …`; empty if there are none. Walks the heap.
cv8_bytes cv8_isolate_pending_awaits(cv8_isolate *isolate);

typedef struct {
    bool has_json;
    cv8_bytes json;
    cv8_bytes text;
    // Whether one of the two is cut, or left out for its length.
    bool is_cut;
    // A returned file's type, empty if the value is none, and its bytes.
    cv8_bytes media_type;
    cv8_bytes media;
} cv8_value;

// Describes the kept value; both forms have at most about `byte_count_max` bytes, a file at most
// `media_byte_count_max`. May run the script's own code (toJSON), which may leave microtasks and
// timers; false if that was terminated.
bool cv8_isolate_describe_value(
    cv8_isolate *isolate, uint32_t byte_count_max, uint32_t media_byte_count_max, cv8_value *value
);

typedef struct {
    cv8_bytes name;
    cv8_bytes message;
    cv8_bytes stack;
    // Where, from 1, and in which script: the one that this isolate began last, or one of an
    // earlier run. 0 and empty where unknown.
    uint32_t line;
    uint32_t column;
    cv8_bytes script;
    // That line, of a script of an earlier run; empty where it is too long.
    cv8_bytes source;
} cv8_error;

// Describes what was thrown, which may run the script's own code, and ends the script: runs the
// microtasks that are left, and drops its timers. False if that was terminated.
bool cv8_isolate_describe_error(cv8_isolate *isolate, cv8_error *error);

// ---- Snapshots ----

// Makes the heap ready to be serialised, without running any code of a script's. Precondition: no
// microtask is left. Returns what stands in the way, for a person; empty if
// nothing does.
cv8_bytes cv8_isolate_prepare_serialization(cv8_isolate *isolate);

// Serialises a cv8_serializable isolate and ends it. The bytes lie at `place` if they fit there;
// otherwise the caller frees them with cv8_snapshot_free. V8 ends the process where the heap holds
// what it cannot serialise and cv8_isolate_prepare_serialization did not see.
cv8_bytes cv8_isolate_serialize(cv8_isolate *isolate, char *place, size_t capacity);

void cv8_snapshot_free(cv8_bytes snapshot);

// ---- Looking into a heap ----

// The globals of an isolate that has run nothing, as cv8_isolate_inspect wants them.
cv8_bytes cv8_isolate_list_globals(cv8_isolate *isolate);

typedef enum {
    // The variables, with what they hold down to a depth.
    cv8_list_variables,
    // Where a text occurs in names, strings and functions.
    cv8_find_text,
    // Every variable with a digest of what it holds.
    cv8_digest_variables,
} cv8_inspection_kind;

typedef struct {
    cv8_inspection_kind kind;
    // How many levels of what a variable holds are listed.
    uint32_t depth;
    // How many variables, or places, are listed.
    uint32_t count_max;
    // The most bytes of the answer.
    uint32_t byte_count_max;
    // What is looked for.
    cv8_bytes text;
    // What is not listed: the answer of cv8_isolate_list_globals for the base heap.
    cv8_bytes base_globals;
    // How long V8's profiler may take for the sizes; 0 if none are wanted.
    double profiler_seconds;
} cv8_inspection;

// Describes what scripts left behind, as a JSON object, without running any code of theirs.
// Precondition: the isolate runs no script. Empty if it was terminated.
cv8_bytes cv8_isolate_inspect(cv8_isolate *isolate, cv8_inspection inspection);

// Takes the next bytes of a profile; false to end it.
typedef bool (*cv8_write)(void *context, const char *bytes, size_t byte_count);

typedef enum {
    cv8_profile_written,
    // `write` said false.
    cv8_profile_refused,
    cv8_profile_out_of_time,
    // The heap is too large for V8's profiler in a worker's memory.
    cv8_profile_too_large,
} cv8_profile_outcome;

// Writes all objects of the heap as Chrome's developer tools read them (.heapsnapshot).
cv8_profile_outcome
cv8_isolate_write_profile(cv8_isolate *isolate, double seconds, cv8_write write, void *context);

#ifdef __cplusplus
}
#endif
