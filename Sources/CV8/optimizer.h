#pragma once
#include <v8-isolate.h>

namespace cv8 {

// Makes functions forget their optimised code, so that V8's collection before serialising frees it.
void clear_optimized_code(v8::Isolate *isolate);

} // namespace cv8
