#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One script of the base heap: its value is a function of `host` and `shared`.
typedef struct {
    /// The resource name that V8 is given, such as `mcp-v8:console.js`. Static.
    const char *name;
    /// ASCII, not terminated by a zero. Static.
    const char *source;
    size_t byte_count;
} base_heap_script;

/// The scripts, in the order in which they are run.
extern const base_heap_script base_heap_scripts[];
extern const size_t base_heap_script_count;

/// Scripts that stay out of a heap until something in it uses them.
extern const base_heap_script base_heap_late_scripts[];
extern const size_t base_heap_late_script_count;

#ifdef __cplusplus
}
#endif
