#pragma once
#include <v8.h>
#include <vector>

namespace cv8 {

// All functions of a heap that are suspended in a `yield` or an `await`, garbage too.
std::vector<v8::Global<v8::Object>> suspended_functions(v8::Local<v8::Context> context);

// Finds out what dates are, for drop_machine_code; false if they are not as they should be. To be
// called in the first context, before any script of others.
bool learn_dates(v8::Local<v8::Context> context);

// Makes functions and regular expressions forget their machine code, reachable or not, and dates
// what they know of the time zone.
void drop_machine_code(v8::Isolate *isolate);

} // namespace cv8
