#pragma once

#include <dlfcn.h>

namespace cv8 {

// The function of libnode's that one of ours takes the place of: libnode exports it, and calls it
// through its symbol table.
template <typename Function> Function *original(const char *symbol) {
    auto found = reinterpret_cast<Function *>(dlsym(RTLD_NEXT, symbol));
    if (!found) __builtin_trap();
    return found;
}

} // namespace cv8
