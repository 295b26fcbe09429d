#pragma once
#include <v8-isolate.h>

namespace cv8 {

// Hides from V8 that an isolate is to be serialised. A context that is made then has all globals
// that V8 knows.
void hide_serializer(v8::Isolate *isolate);

// The same once the context is there, if the optimiser is allowed: V8 optimises what runs from
// then on.
void let_optimize(v8::Isolate *isolate);

// Makes the isolate fit for serialising again: puts V8's switch back, and makes functions forget
// their machine code, so that V8's collection before serialising frees it.
void show_serializer(v8::Isolate *isolate);

// Whether the optimiser is allowed, and what is cleared for it was seen to hold it back.
bool is_optimizer_in_use();

} // namespace cv8
