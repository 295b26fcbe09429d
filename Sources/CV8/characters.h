#pragma once
#include <cstdint>
#include <string>

namespace cv8 {

// What a sequence of bytes (the last one lowest) stands for in an encoding of several bytes, as
// UTF-16; empty if it stands for nothing, or the encoding is not known.
std::u16string characters(const std::string &encoding, uint32_t sequence);

} // namespace cv8
