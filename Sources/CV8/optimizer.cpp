// The optimiser in isolates that can be serialised.
//
// V8 switches TurboFan off there by a flag of the isolate, which makes computing in a heap many
// times slower than in an ordinary one. It looks at the flag in Isolate::use_optimizer(), and once
// more, in line, before it replaces the code of a loop that is running: answering for the function
// alone leaves loops in the interpreter, which then asks at every turn and gets nowhere. So the
// flag is taken away while scripts run and put back before V8 serialises; what optimised code
// leaves in the heap is cleared at the same time.
//
// The flag is private. It is found by asking use_optimizer(), which libnode exports, which one of
// the isolate's bytes it goes by. Nothing breaks where there is no such byte: V8 does as it always
// did, and cv8_optimizer_is_in_use tells.

#include "optimizer.h"
#include "CV8.h"
#include "machine_code.h"

#include <algorithm>
#include <cstddef>
#include <malloc.h>

namespace v8::internal {

class Isolate {
public:
    bool use_optimizer();
};

} // namespace v8::internal

namespace {

constexpr size_t unknown = 0;
constexpr size_t isolate_byte_count_max = 1 << 18;

bool is_allowed = false;
// Where the flag lies in every isolate of this process.
size_t flag_offset = unknown;

v8::internal::Isolate *internal(v8::Isolate *isolate) {
    return reinterpret_cast<v8::internal::Isolate *>(isolate);
}

unsigned char *bytes(v8::Isolate *isolate) {
    return reinterpret_cast<unsigned char *>(isolate);
}

// The only byte of the isolate that decides whether it is optimised; `unknown` if there is not
// exactly one.
size_t find_flag(v8::Isolate *isolate) {
    if (internal(isolate)->use_optimizer()) return unknown;
    size_t found = unknown;
    size_t byte_count = std::min(malloc_usable_size(isolate), isolate_byte_count_max);
    for (size_t offset = 0; offset < byte_count; offset++) {
        unsigned char &byte = bytes(isolate)[offset];
        if (byte != true) continue;
        byte = false;
        bool decides = internal(isolate)->use_optimizer();
        byte = true;
        if (decides && found != unknown) return unknown;
        if (decides) found = offset;
    }
    return found;
}

} // namespace

namespace cv8 {

void let_optimize(v8::Isolate *isolate) {
    if (!is_allowed) return;
    if (flag_offset == unknown) flag_offset = find_flag(isolate);
    if (flag_offset != unknown) bytes(isolate)[flag_offset] = false;
}

void end_optimizing(v8::Isolate *isolate) {
    if (flag_offset != unknown) bytes(isolate)[flag_offset] = true;
    // V8 does the same itself, but only after its collection: lists of dependent code still refer
    // to the code weakly then, and the serialiser takes a weak reference for a strong one. The code
    // would drag the whole heap into the isolate's part of the snapshot, a second time.
    drop_machine_code(isolate);
}

} // namespace cv8

void cv8_allow_optimizer(bool allowed) {
    is_allowed = allowed;
}

bool cv8_optimizer_is_in_use(void) {
    return is_allowed && flag_offset != unknown;
}
