// How often V8 collects garbage.
//
// Two functions of V8's are replaced here. Where a V8 does not call them it collects as it does.

#include "collections.h"
#include "original.h"

namespace {

thread_local cv8::Collections wanted = cv8::Collections::as_v8_does;

// Whether this thread collects all that there is, and the last time nothing was freed.
enum class Series { none, runs, is_over };
thread_local Series series = Series::none;

} // namespace

#define COLLECT_ALL                                                                                \
    "_ZN2v88internal4Heap26CollectAllAvailableGarbageENS0_23GarbageCollectionReasonE"
#define COLLECT                                                                                    \
    "_ZN2v88internal4Heap14CollectGarbageENS0_15AllocationSpaceENS0_23GarbageCollectionReasonE"    \
    "NS_15GCCallbackFlagsE"

extern "C" {

// Heap::CollectAllAvailableGarbage.
__attribute__((visibility("default"))) void
cv8_collect_all(void *heap, int reason) asm(COLLECT_ALL);

// Heap::CollectGarbage: whether something was freed that weak references had held back.
__attribute__((visibility("default"))) bool
cv8_collect(void *heap, int space, int reason, int flags) asm(COLLECT);

void cv8_collect_all(void *heap, int reason) {
    if (wanted == cv8::Collections::never) return;
    static const auto function = cv8::original<void(void *, int)>(COLLECT_ALL);
    if (wanted == cv8::Collections::as_needed) series = Series::runs;
    function(heap, reason);
    series = Series::none;
}

bool cv8_collect(void *heap, int space, int reason, int flags) {
    static const auto function = cv8::original<bool(void *, int, int, int)>(COLLECT);
    if (series == Series::is_over) return false;
    bool has_freed = function(heap, space, reason, flags);
    if (series == Series::runs && !has_freed) series = Series::is_over;
    return has_freed;
}

}

namespace cv8 {

CollectionsScope::CollectionsScope(Collections collections) {
    wanted = collections;
}

CollectionsScope::~CollectionsScope() {
    wanted = Collections::as_v8_does;
}

Collections collections() {
    return wanted;
}

} // namespace cv8
