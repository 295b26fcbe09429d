#pragma once
#include "isolate.h"

namespace cv8 {

// The bytes of a Uint8Array or an ArrayBuffer; none for anything else, and where there are more
// than the limit.
std::string media_bytes(v8::Local<v8::Value> value, size_t byte_count_max);

// The type of a file: by its first bytes, else the one that it claims, unless the bytes belie that.
// Empty if it is no file.
std::string media_type(const std::string &bytes, const std::string &claimed);

} // namespace cv8
