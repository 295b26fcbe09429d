#pragma once
#include <v8.h>

namespace cv8 {

// Whether a name of the top level of scripts was declared by const.
bool is_constant(v8::Local<v8::Context> context, v8::Local<v8::String> name);

} // namespace cv8
