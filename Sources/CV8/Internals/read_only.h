#pragma once
#include <cstddef>

namespace cv8 {

// Clears what a snapshot says of where this process has V8's read-only objects: snapshots of equal
// heaps are equal then, whichever process made them.
void forget_addresses(char *snapshot, size_t byte_count);

} // namespace cv8
