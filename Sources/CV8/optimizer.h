#pragma once
#include <v8-isolate.h>

namespace cv8 {

// Lets V8 optimise in an isolate that can be serialised, if that is allowed.
void let_optimize(v8::Isolate *isolate);

// Makes the isolate fit for serialising again: puts V8's switch back, and makes functions forget
// their optimised code, so that V8's collection before serialising frees it.
void end_optimizing(v8::Isolate *isolate);

} // namespace cv8
