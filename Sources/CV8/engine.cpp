#include "CV8.h"
#include "characters.h"
#include "fatal.h"
#include "platform.h"
#include "Internals/build.h"
#include "Internals/collections.h"
#include "Internals/places.h"

#include <cstring>
#include <iterator>
#include <string>
#include <sys/random.h>
#include <v8.h>
#include <vector>

namespace {

// V8's switches that differ from V8's own choice.
constexpr const char *flags[] = {
#define FUNCTION(name, need, symbol, why, proof)
#define CALLS(name, need, symbol, caller, why, proof)
#define OFFSET(name, need, value, why, proof)
#define FLAG(need, text, why, proof) text,
#include "Internals/entries.def"
#undef FUNCTION
#undef CALLS
#undef OFFSET
#undef FLAG
};

// Returns what V8 does not know, for a person; null if it knows all.
const char *set_flags(std::vector<std::string> texts) {
    std::vector<char *> arguments;
    for (auto &text : texts) arguments.push_back(text.data());
    int count = static_cast<int>(arguments.size());
    // What V8 knows it removes; the first is no switch.
    v8::V8::SetFlagsFromCommandLine(&count, arguments.data(), true);
    if (count == 1) return nullptr;
    static std::string problem;
    problem = std::string("this engine does not know the switch ") + arguments[1];
    return problem.c_str();
}

} // namespace

const char *cv8_prepare(void) {
    return cv8::lead_calls();
}

const char *cv8_start(cv8_options options) {
    std::vector<std::string> texts = {""};
    texts.insert(texts.end(), std::begin(flags), std::end(flags));
    texts.push_back("--max-heap-size=" + std::to_string(options.heap_byte_count_max >> 20));
    if (options.jitless) texts.push_back("--jitless");
    if (const char *problem = set_flags(std::move(texts))) return problem;
    // Otherwise V8 opens /dev/urandom, which a confined process cannot.
    v8::V8::SetEntropySource([](unsigned char *buffer, size_t length) {
        return getrandom(buffer, length, 0) == static_cast<ssize_t>(length);
    });
    cv8::end_without_memory();
    cv8::find_characters();
    v8::V8::InitializePlatform(&cv8::shared_platform());
    v8::V8::Initialize();
    return nullptr;
}

size_t cv8_led_call_count(void) {
    return cv8::led_call_count();
}

uint64_t cv8_collections_left_out(void) {
    return cv8::collections_left_out();
}

const char *cv8_version(void) {
    return v8::V8::GetVersion();
}

size_t cv8_build_id(char *hex, size_t capacity) {
    std::string digits = cv8::program_build_id();
    if (digits.size() >= capacity) return 0;
    std::memcpy(hex, digits.c_str(), digits.size() + 1);
    return digits.size();
}
