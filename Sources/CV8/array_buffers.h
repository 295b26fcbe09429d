#pragma once
#include <v8-context.h>

namespace cv8 {

// Whether V8 makes empty array buffers the way a snapshot needs them. False on a V8 that this code
// does not know.
bool attaching_is_replaced(v8::Local<v8::Context> context);

} // namespace cv8
