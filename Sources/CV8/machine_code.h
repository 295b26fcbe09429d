#pragma once
#include <v8.h>

namespace cv8 {

// Makes functions and regular expressions forget the machine code that was made of them; V8's next
// collection frees it.
void drop_machine_code(v8::Isolate *isolate);

// The same, if the snapshot that the isolate was opened on has such code; returns whether it has.
// To be called before anything runs, and first for an isolate on the base heap.
bool drop_stored_machine_code(v8::Isolate *isolate, v8::Local<v8::Context> context);

} // namespace cv8
