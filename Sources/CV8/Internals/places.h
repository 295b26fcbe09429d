#pragma once
#include <cstddef>

namespace cv8 {

// Makes sure that this is the engine that the table was made for, and leads the calls of V8's
// functions that are replaced here to ours. Nothing is changed unless all that the table says is
// found. Call once, before V8 starts. Returns what is wrong, for a person; null if nothing is.
const char *lead_calls();

// How many calls were led elsewhere.
size_t led_call_count();

} // namespace cv8
