#include "CBaseHeap.h"

// `#embed` is C23; clang has it in every mode and warns that it is an extension in the older ones.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char primordials[] = {
#embed "JavaScript/primordials.js"
};
static const char lookups[] = {
#embed "JavaScript/lookups.js"
};
static const char calls[] = {
#embed "JavaScript/calls.js"
};
static const char additions[] = {
#embed "JavaScript/additions.js"
};
static const char bytes[] = {
#embed "JavaScript/bytes.js"
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
static const char web[] = {
#embed "JavaScript/web.js"
};
static const char events[] = {
#embed "JavaScript/events.js"
};
static const char abort[] = {
#embed "JavaScript/abort.js"
};
static const char performance[] = {
#embed "JavaScript/performance.js"
};
static const char encoding[] = {
#embed "JavaScript/encoding.js"
};
static const char url_text[] = {
#embed "JavaScript/url-text.js"
};
static const char url_host[] = {
#embed "JavaScript/url-host.js"
};
static const char url_records[] = {
#embed "JavaScript/url-records.js"
};
static const char url_parser[] = {
#embed "JavaScript/url-parser.js"
};
static const char url_search_params[] = {
#embed "JavaScript/url-search-params.js"
};
static const char url[] = {
#embed "JavaScript/url.js"
};
static const char clone[] = {
#embed "JavaScript/clone.js"
};
static const char json[] = {
#embed "JavaScript/json.js"
};
static const char last[] = {
#embed "JavaScript/last.js"
};
static const char late[] = {
#embed "JavaScript/late.js"
};
static const char hooks[] = {
#embed "JavaScript/hooks.js"
};
static const char blob[] = {
#embed "JavaScript/blob.js"
};
static const char digest[] = {
#embed "JavaScript/digest.js"
};
static const char form_data[] = {
#embed "JavaScript/form-data.js"
};
static const char headers[] = {
#embed "JavaScript/headers.js"
};
static const char pairs[] = {
#embed "JavaScript/pairs.js"
};
static const char streams[] = {
#embed "JavaScript/streams.js"
};
static const char streams_source[] = {
#embed "JavaScript/streams-source.js"
};
static const char streams_tee[] = {
#embed "JavaScript/streams-tee.js"
};
static const char streams_readable[] = {
#embed "JavaScript/streams-readable.js"
};
static const char streams_writable[] = {
#embed "JavaScript/streams-writable.js"
};
static const char streams_transform[] = {
#embed "JavaScript/streams-transform.js"
};
static const char streams_pipe[] = {
#embed "JavaScript/streams-pipe.js"
};
static const char streams_text[] = {
#embed "JavaScript/streams-text.js"
};
static const char encodings[] = {
#embed "JavaScript/encodings.js"
};
static const char encodings_wide[] = {
#embed "JavaScript/encodings-wide.js"
};

#define SCRIPT(file, bytes) {"mcp-v8:" file, bytes, sizeof(bytes)}

// The first three serve all others; what the language lacks comes before what knows the globals
// of the language from those of the host; the hooks last.
const base_heap_script base_heap_scripts[] = {
    SCRIPT("primordials.js", primordials),
    SCRIPT("lookups.js", lookups),
    SCRIPT("calls.js", calls),
    SCRIPT("additions.js", additions),
    SCRIPT("bytes.js", bytes),
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
    SCRIPT("web.js", web),
    SCRIPT("events.js", events),
    SCRIPT("abort.js", abort),
    SCRIPT("performance.js", performance),
    SCRIPT("clone.js", clone),
    SCRIPT("json.js", json),
    SCRIPT("last.js", last),
    SCRIPT("late.js", late),
    SCRIPT("hooks.js", hooks),
};
const size_t base_heap_script_count = sizeof(base_heap_scripts) / sizeof(base_heap_scripts[0]);

// What late.js loads.
const base_heap_script base_heap_late_scripts[] = {
    SCRIPT("blob.js", blob),
    SCRIPT("digest.js", digest),
    SCRIPT("encoding.js", encoding),
    SCRIPT("encodings-wide.js", encodings_wide),
    SCRIPT("encodings.js", encodings),
    SCRIPT("form-data.js", form_data),
    SCRIPT("headers.js", headers),
    SCRIPT("pairs.js", pairs),
    SCRIPT("streams-pipe.js", streams_pipe),
    SCRIPT("streams-readable.js", streams_readable),
    SCRIPT("streams-source.js", streams_source),
    SCRIPT("streams-tee.js", streams_tee),
    SCRIPT("streams-text.js", streams_text),
    SCRIPT("streams-transform.js", streams_transform),
    SCRIPT("streams-writable.js", streams_writable),
    SCRIPT("streams.js", streams),
    SCRIPT("url-host.js", url_host),
    SCRIPT("url-parser.js", url_parser),
    SCRIPT("url-records.js", url_records),
    SCRIPT("url-search-params.js", url_search_params),
    SCRIPT("url-text.js", url_text),
    SCRIPT("url.js", url),
};
const size_t base_heap_late_script_count =
    sizeof(base_heap_late_scripts) / sizeof(base_heap_late_scripts[0]);
