#pragma once
#include <cstdint>
#include <v8.h>

namespace cv8 {

// The table of native functions as V8's serialiser wants it: their order is part of every
// snapshot's format.
const intptr_t *external_references();

// The version of that table.
constexpr uint32_t natives_version = 5;

// A null-prototype object with the native functions, for the base heap's scripts.
v8::Local<v8::Object> make_host(v8::Local<v8::Context> context);

} // namespace cv8
