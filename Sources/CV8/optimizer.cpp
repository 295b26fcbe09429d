// The optimiser in isolates that can be serialised.
//
// V8 switches TurboFan off there, which makes computing in a heap several times slower than in an
// ordinary isolate. Isolate::use_optimizer is exported by libnode and called through its symbol
// table: this definition takes its place. What optimised code leaves in the heap is then cleared
// before V8 serialises (see clear_optimized_code), which is what the switch was there for.
// Nothing breaks where a V8 does not call this: it is slower, and cv8_optimizer_is_in_use tells.

#include "optimizer.h"
#include "CV8.h"

#include <atomic>

namespace {

std::atomic<bool> is_allowed{false};
std::atomic<bool> was_asked{false};

} // namespace

namespace v8::internal {

class Isolate {
public:
    __attribute__((visibility("default"))) bool use_optimizer();
};

bool Isolate::use_optimizer() {
    was_asked.store(true, std::memory_order_relaxed);
    return is_allowed.load(std::memory_order_relaxed);
}

class Snapshot {
public:
    static void ClearReconstructableDataForSerialization(Isolate *isolate, bool clear_bytecode);
};

} // namespace v8::internal

namespace cv8 {

void clear_optimized_code(v8::Isolate *isolate) {
    // V8 does the same itself, but only after its collection: lists of dependent code still refer
    // to the code weakly then, and the serialiser takes a weak reference for a strong one. The code
    // would drag the whole heap into the isolate's part of the snapshot, a second time.
    auto internal = reinterpret_cast<v8::internal::Isolate *>(isolate);
    v8::internal::Snapshot::ClearReconstructableDataForSerialization(internal, false);
}

} // namespace cv8

void cv8_allow_optimizer(bool allowed) {
    is_allowed = allowed;
}

bool cv8_optimizer_is_in_use(void) {
    return is_allowed && was_asked;
}
