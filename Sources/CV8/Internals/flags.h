#pragma once
#include "../include/CV8.h"

namespace cv8 {

// Sets V8's switches. Call before V8 starts. Returns what V8 does not know of them, for a person;
// null if it knows all.
const char *set_flags(cv8_options options);

} // namespace cv8
