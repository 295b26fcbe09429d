#include "CV8.h"
#include "fatal.h"
#include "platform.h"
#include "Internals/build.h"
#include "Internals/flags.h"
#include "Internals/places.h"

#include <cstring>
#include <string>
#include <sys/random.h>
#include <v8.h>

const char *cv8_prepare(void) {
    return cv8::lead_calls();
}

const char *cv8_start(cv8_options options) {
    if (const char *problem = cv8::set_flags(options)) return problem;
    // Otherwise V8 opens /dev/urandom, which a confined process cannot.
    v8::V8::SetEntropySource([](unsigned char *buffer, size_t length) {
        return getrandom(buffer, length, 0) == static_cast<ssize_t>(length);
    });
    cv8::end_without_memory();
    v8::V8::InitializePlatform(&cv8::shared_platform());
    v8::V8::Initialize();
    return nullptr;
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
