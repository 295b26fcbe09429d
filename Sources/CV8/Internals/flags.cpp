#include "flags.h"

#include <iterator>
#include <string>
#include <v8-initialization.h>
#include <vector>

namespace {

// Those that are the same in all processes.
constexpr const char *fixed[] = {
#define FUNCTION(name, need, symbol, why, proof)
#define CALLS(name, need, symbol, caller, why, proof)
#define OFFSET(name, need, value, why, proof)
#define FLAG(need, text, why, proof) text,
#include "entries.def"
};

} // namespace

namespace cv8 {

const char *set_flags(cv8_options options) {
    // The first is no switch.
    std::vector<std::string> texts = {""};
    texts.insert(texts.end(), std::begin(fixed), std::end(fixed));
    texts.push_back("--max-heap-size=" + std::to_string(options.heap_byte_count_max >> 20));
    if (options.jitless) texts.push_back("--jitless");
    std::vector<char *> arguments;
    for (auto &text : texts) arguments.push_back(text.data());
    int count = static_cast<int>(arguments.size());
    // What V8 knows it removes.
    v8::V8::SetFlagsFromCommandLine(&count, arguments.data(), true);
    if (count == 1) return nullptr;
    static std::string problem;
    problem = std::string("this engine does not know the switch ") + arguments[1];
    return problem.c_str();
}

} // namespace cv8
