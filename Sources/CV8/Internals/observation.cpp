#include "../isolate.h"
#include "collections.h"
#include "optimizer.h"
#include "places.h"

#include <cstring>

namespace {

uint64_t code_byte_count(v8::Isolate *isolate) {
    v8::HeapSpaceStatistics space;
    uint64_t byte_count = 0;
    for (size_t index = 0; index < isolate->NumberOfHeapSpaces(); index++) {
        if (isolate->GetHeapSpaceStatistics(&space, index)
            && std::strncmp(space.space_name(), "code_", 5) == 0)
            byte_count += space.space_used_size();
    }
    return byte_count;
}

} // namespace

cv8_observation cv8_isolate_observe(cv8_isolate *owner) {
    return {
        cv8::is_optimizer_in_use(), cv8::led_call_count(), cv8::left_out_collection_count(),
        code_byte_count(owner->isolate)};
}
