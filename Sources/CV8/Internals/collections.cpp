// How often V8 collects garbage.

#include "collections.h"
#include "table.h"

#include <cstddef>

namespace {

thread_local cv8::Collections wanted = cv8::Collections::as_v8_does;

// What V8 counted last where it collects all that there is: handles of its own and of ours. It
// counts before each collection and after it.
struct Counts {
    int collections = 0;
    std::size_t before = 0;
    std::size_t last = 0;
};
thread_local Counts counts;
thread_local uint64_t left_out = 0;

} // namespace

extern "C" {

void cv8_instead_of_collect_all(void *heap, int reason) {
    if (wanted == cv8::Collections::never) return;
    cv8::original<void(void *, int)>(CV8_ADDRESS_collect_all)(heap, reason);
}

std::size_t cv8_instead_of_count_handles(const void *handles) {
    counts.last = cv8::original<std::size_t(const void *)>(CV8_ADDRESS_count_handles)(handles);
    return counts.last;
}

void cv8_instead_of_collect(void *heap, int space, int reason, int flags) {
    bool is_needed = counts.collections == 0 || counts.last != counts.before;
    if (wanted == cv8::Collections::as_needed && !is_needed) {
        left_out++;
        return;
    }
    counts.collections++;
    counts.before = counts.last;
    cv8::original<void(void *, int, int, int)>(CV8_ADDRESS_collect)(heap, space, reason, flags);
}

}

namespace cv8 {

CollectionsScope::CollectionsScope(Collections collections) {
    wanted = collections;
    counts = {};
}

CollectionsScope::~CollectionsScope() {
    wanted = Collections::as_v8_does;
}

uint64_t left_out_collection_count() {
    return left_out;
}

} // namespace cv8
