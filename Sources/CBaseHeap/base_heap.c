#include "CBaseHeap.h"

// `#embed` is C23; clang has it in every mode and warns that it is an extension in the older ones.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char language[] = {
#embed "JavaScript/language.js"
};
static const char primordials[] = {
#embed "JavaScript/primordials.js"
};
static const char lookups[] = {
#embed "JavaScript/lookups.js"
};
static const char inspect_text[] = {
#embed "JavaScript/inspect-text.js"
};
static const char inspect_layout[] = {
#embed "JavaScript/inspect-layout.js"
};
static const char inspect_names[] = {
#embed "JavaScript/inspect-names.js"
};
static const char inspect_collections[] = {
#embed "JavaScript/inspect-collections.js"
};
static const char inspect_errors[] = {
#embed "JavaScript/inspect-errors.js"
};
static const char inspect[] = {
#embed "JavaScript/inspect.js"
};
static const char format[] = {
#embed "JavaScript/format.js"
};
static const char table[] = {
#embed "JavaScript/table.js"
};
static const char console[] = {
#embed "JavaScript/console.js"
};
static const char timers[] = {
#embed "JavaScript/timers.js"
};
static const char intl[] = {
#embed "JavaScript/intl.js"
};
static const char finalization[] = {
#embed "JavaScript/finalization.js"
};
static const char json[] = {
#embed "JavaScript/json.js"
};
static const char hooks[] = {
#embed "JavaScript/hooks.js"
};

#define SCRIPT(file, bytes) {"mcp-v8:" file, bytes, sizeof(bytes)}

// The first three serve all others; the inspector's parts come before what uses them; the hooks
// last.
const base_heap_script base_heap_scripts[] = {
    SCRIPT("language.js", language),
    SCRIPT("primordials.js", primordials),
    SCRIPT("lookups.js", lookups),
    SCRIPT("inspect-text.js", inspect_text),
    SCRIPT("inspect-layout.js", inspect_layout),
    SCRIPT("inspect-names.js", inspect_names),
    SCRIPT("inspect-collections.js", inspect_collections),
    SCRIPT("inspect-errors.js", inspect_errors),
    SCRIPT("inspect.js", inspect),
    SCRIPT("format.js", format),
    SCRIPT("table.js", table),
    SCRIPT("console.js", console),
    SCRIPT("timers.js", timers),
    SCRIPT("intl.js", intl),
    SCRIPT("finalization.js", finalization),
    SCRIPT("json.js", json),
    SCRIPT("hooks.js", hooks),
};
const size_t base_heap_script_count = sizeof(base_heap_scripts) / sizeof(base_heap_scripts[0]);
