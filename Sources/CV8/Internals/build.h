#pragma once
#include <string>

namespace cv8 {

// The GNU build id of the program that this process runs, as hex; empty if it has none.
std::string program_build_id();

} // namespace cv8
