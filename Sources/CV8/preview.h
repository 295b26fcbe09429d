#pragma once
#include "heap_parts.h"

namespace cv8 {

// A value on one line, as a person wants to see it: `{ a: 1, b: [ 2, 3 ] }`, `Map(2) { "k" => 1 }`.
// Runs no code of a script's.
std::string preview(Looker &looker, v8::Local<v8::Value> value);

// What stands for a part's value, also where there is none to read.
std::string preview(Looker &looker, const Part &part);

} // namespace cv8
