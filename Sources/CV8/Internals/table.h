#pragma once
// The addresses of entries.def in the engine that this was built for.

#if defined(__x86_64__)
#include "tables/x86_64.h"
#else
#include "tables/aarch64.h"
#endif

#include <cstddef>
#include <cstdint>

namespace cv8 {

// Of what entries.def calls an offset.
namespace offsets {
#define OFFSET(name, need, value, why, proof) constexpr std::size_t name = value;
#define FUNCTION(name, need, symbol, why, proof)
#define CALLS(name, need, symbol, caller, why, proof)
#define FLAG(need, text, why, proof)
#include "entries.def"
#undef OFFSET
#undef FUNCTION
#undef CALLS
#undef FLAG
} // namespace offsets

// The function whose calls one of ours gets, by what make-internals calls its address.
template <typename Function> Function *original(uintptr_t address) {
    return reinterpret_cast<Function *>(address);
}

} // namespace cv8
