#pragma once
#include "../include/CV8.h"

namespace cv8 {

// Makes sure that this is the engine that the table was made for, and leads the calls of V8's
// functions that are replaced here to ours. Nothing is changed unless all that the table says is
// found. Call once, before V8 starts. Returns what is wrong, for a person; null if nothing is.
const char *lead_calls();

// A part of the program that much of V8's code or of its constants is in, in whole huge pages;
// empty from some index on.
cv8_bytes code_part(size_t index);

// How many calls were led elsewhere.
size_t led_call_count();

} // namespace cv8
