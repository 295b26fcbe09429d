// Where V8 looks through a whole heap, and may meet what is garbage.
//
// It marks all that is reachable and then leaves out the rest, which takes longer than the walk.
// Nothing refers to a function that waits for a promise that nothing refers to: it is garbage, and
// is to be found. And machine code may as well be dropped in what is garbage. So neither walk
// filters.

#include "walks.h"
#include "collections.h"
#include "table.h"

#include <v8-profiler.h>

namespace v8::internal {

class Isolate;

class Snapshot {
public:
    static void ClearReconstructableDataForSerialization(Isolate *isolate, bool clear_recompilable);
};

} // namespace v8::internal

namespace {

constexpr int no_filter = 0;
thread_local bool finds_garbage = false;

struct IsGenerator final : v8::QueryObjectPredicate {
    bool Filter(v8::Local<v8::Object> object) override { return object->IsGeneratorObject(); }
};

} // namespace

extern "C" {

void cv8_instead_of_iterate(void *iterator, void *heap, int filter) {
    const auto original = cv8::original<void(void *, void *, int)>(CV8_ADDRESS_iterate);
    original(iterator, heap, finds_garbage ? no_filter : filter);
}

void cv8_instead_of_walk(void *iterator, void *heap, int) {
    cv8::original<void(void *, void *, int)>(CV8_ADDRESS_walk)(iterator, heap, no_filter);
}

}

namespace cv8 {

std::vector<v8::Global<v8::Object>> suspended_functions(v8::Local<v8::Context> context) {
    IsGenerator predicate;
    std::vector<v8::Global<v8::Object>> objects;
    CollectionsScope scope(Collections::never);
    finds_garbage = true;
    auto profiler = v8::Isolate::GetCurrent()->GetHeapProfiler();
    profiler->QueryObjects(context, &predicate, &objects);
    finds_garbage = false;
    return objects;
}

void drop_machine_code(v8::Isolate *isolate) {
    auto internal = reinterpret_cast<v8::internal::Isolate *>(isolate);
    v8::internal::Snapshot::ClearReconstructableDataForSerialization(internal, false);
}

} // namespace cv8
