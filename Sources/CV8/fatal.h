#pragma once

namespace cv8 {

// Ends the process in the way that tells the server that memory ran out.
[[noreturn]] void end_out_of_memory(const char *where);

// Has the process end like that where C++ code has no memory.
void end_without_memory();

} // namespace cv8
