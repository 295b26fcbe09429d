// The optimiser in isolates that can be serialised.
//
// V8 switches TurboFan and Maglev off there by a byte of the isolate, which makes computing in a
// heap many times slower than in an ordinary one. It looks at it in Isolate::use_optimizer(), and
// in line elsewhere: before it replaces the code of a loop that is running, and where it decides
// which globals a new context has. So the byte is cleared while a context is made and while scripts
// run, and set before V8 serialises; what machine code leaves in the heap is cleared at the same
// time.

#include "optimizer.h"
#include "CV8.h"
#include "table.h"
#include "walks.h"

namespace v8::internal {

class Isolate {
public:
    bool use_optimizer();
};

} // namespace v8::internal

namespace {

bool is_allowed = false;
// Whether the byte was seen to decide.
bool is_proven = false;

bool &is_to_be_serialized(v8::Isolate *isolate) {
    auto start = reinterpret_cast<char *>(isolate);
    return *reinterpret_cast<bool *>(start + cv8::offsets::serializer_enabled);
}

bool is_optimized(v8::Isolate *isolate) {
    return reinterpret_cast<v8::internal::Isolate *>(isolate)->use_optimizer();
}

} // namespace

namespace cv8 {

void hide_serializer(v8::Isolate *isolate) {
    is_to_be_serialized(isolate) = false;
}

void let_optimize(v8::Isolate *isolate) {
    if (!is_allowed) return;
    bool was_optimized = is_optimized(isolate);
    hide_serializer(isolate);
    if (!is_proven) is_proven = !was_optimized && is_optimized(isolate);
}

void show_serializer(v8::Isolate *isolate) {
    is_to_be_serialized(isolate) = true;
    // V8 does the same itself, but only after its collection: lists of dependent code still refer
    // to the code weakly then, and the serialiser takes a weak reference for a strong one. The code
    // would drag the whole heap into the isolate's part of the snapshot, a second time.
    drop_machine_code(isolate);
}

bool is_optimizer_in_use() {
    return is_allowed && is_proven;
}

} // namespace cv8

void cv8_allow_optimizer(bool allowed) {
    is_allowed = allowed;
}
