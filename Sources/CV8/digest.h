#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cv8 {

constexpr size_t digest_byte_count_max = 64;

// Writes the digest by SHA-1, SHA-256, SHA-384 or SHA-512 and returns its length; 0 for another
// algorithm.
size_t digest(
    const std::string &algorithm, const uint8_t *bytes, size_t byte_count,
    uint8_t result[digest_byte_count_max]
);

} // namespace cv8
