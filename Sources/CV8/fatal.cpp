// V8's last words.
//
// What V8 cannot have for want of memory it reports to the isolate's handler, but not all of it: an
// array or a table longer than it has a number for it takes for a defect, for which it crashes. It
// tells the process's handler first, so that both end in the same way; and so does C++ code that
// has no memory.

#include "fatal.h"

#include <cstdio>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <new>
#include <typeinfo>
#include <unistd.h>
#include <v8-initialization.h>

namespace {

// The exit code that tells the server what happened where unwinding was impossible.
constexpr int out_of_memory_exit_code = 78;

// How V8 begins to say that something is larger than it can be.
constexpr const char *size_complaints[] = {
    "Fatal JavaScript invalid size error",
    "Fatal JavaScript invalid array length",
    "Fatal process out of memory",
    "Out of memory",
};

bool is_about_memory(const char *text) {
    // The kernel counts what is made writable again, and refuses what is over the process's limit.
    if (std::strstr(text, "SetPermissions(")) return true;
    for (const char *complaint : size_complaints) {
        if (std::strncmp(text, complaint, std::strlen(complaint)) == 0) return true;
    }
    return false;
}

// A failed check of V8's, or anything else that it does not go on after.
void on_fatal(const char *, int, const char *message) {
    if (is_about_memory(message)) cv8::end_out_of_memory(message);
    std::fprintf(stderr, "V8: %s\n", message);
    __builtin_trap();
}

// What nobody catches. C++ would abort, by a signal to itself, which a confined fork may not send.
[[noreturn]] void on_exception() {
    const std::type_info *type = abi::__cxa_current_exception_type();
    const char *name = type ? type->name() : "an exception without a type";
    // What is too long for a vector is too large for any memory.
    if (!std::strcmp(name, "St9bad_alloc") || !std::strcmp(name, "St12length_error"))
        cv8::end_out_of_memory(name);
    std::fprintf(stderr, "C++ threw %s\n", name);
    __builtin_trap();
}

} // namespace

extern "C" {

// The C library's sends the process a signal. A confined fork may not do so, and would end as if it
// had tried something forbidden.
__attribute__((visibility("default"), noreturn)) void abort(void) noexcept {
    __builtin_trap();
}
}

namespace cv8 {

void end_out_of_memory(const char *where) {
    std::fprintf(stderr, "out of memory: %s\n", where);
    _exit(out_of_memory_exit_code);
}

void end_without_memory() {
    v8::V8::SetFatalErrorHandler(on_fatal);
    std::set_new_handler([] { end_out_of_memory("C++"); });
    std::set_terminate(on_exception);
}

} // namespace cv8
