#pragma once
#include <stddef.h>
typedef struct { const char *name; const char *source; size_t byte_count; } base_heap_script;
extern const base_heap_script base_heap_scripts[];
extern const size_t base_heap_script_count;
