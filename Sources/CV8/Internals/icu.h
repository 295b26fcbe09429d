#pragma once
// Of ICU, which V8 has in it, what turns bytes of an encoding into UTF-16: from ICU's ucnv.h. Its
// names have its version in them, and its headers are in no package of V8's.

#include <cstdint>

extern "C" {

// `error` is more than 0 if there is no such converter.
void *ucnv_open_78(const char *name, int *error);

// Returns the number of units.
int32_t ucnv_toUChars_78(
    void *converter, char16_t *to, int32_t capacity, const char *from, int32_t byte_count,
    int *error
);
}

namespace cv8::icu {

constexpr auto open = &ucnv_open_78;
constexpr auto convert = &ucnv_toUChars_78;

} // namespace cv8::icu
