#include "CV8.h"
#include "fatal.h"
#include "natives.h"
#include "platform.h"
#include "Internals/build.h"
#include "Internals/flags.h"
#include "Internals/places.h"

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

cv8_identity cv8_engine_identity(void) {
    static const std::string build_id = cv8::program_build_id();
    return {v8::V8::GetVersion(), build_id.c_str(), cv8::natives_version};
}

cv8_bytes cv8_code_part(size_t index) {
    return cv8::code_part(index);
}
