// Where V8 looks through a whole heap, and may meet what is garbage.
//
// It marks all that is reachable and then leaves out the rest, which takes longer than the walk.
// Nothing refers to a function that waits for a promise that nothing refers to: it is garbage, and
// is to be found. And machine code may as well be dropped in what is garbage. So neither walk
// filters.
//
// In the walk that drops machine code dates forget what they know of the time zone, which may be
// another in the next process.

#include "walks.h"
#include "collections.h"
#include "table.h"

#include <cstring>
#include <v8-internal.h>
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

// What V8 calls the type of a JSDate; 0 before the first isolate was looked at.
uint16_t date_type = 0;
// A small integer, in the upper half of a word: the parts of a date are not computed.
constexpr uintptr_t no_stamp = ~uintptr_t{0} << 32;

uintptr_t &word(uintptr_t object, uintptr_t offset) {
    return *reinterpret_cast<uintptr_t *>(object - v8::internal::kHeapObjectTag + offset);
}

uint16_t type_of(uintptr_t object) {
    using v8::internal::Internals;
    uint16_t type;
    uintptr_t map = word(object, Internals::kHeapObjectMapOffset);
    std::memcpy(&type, &word(map, Internals::kMapInstanceTypeOffset), sizeof type);
    return type;
}

struct IsGenerator final : v8::QueryObjectPredicate {
    bool Filter(v8::Local<v8::Object> object) override { return object->IsGeneratorObject(); }
};

} // namespace

extern "C" {

void cv8_instead_of_iterate(void *iterator, void *heap, int filter) {
    const auto original = cv8::original<void(void *, void *, int)>(CV8_ADDRESS_iterate);
    original(iterator, heap, finds_garbage ? no_filter : filter);
}

// 0 at the end.
uintptr_t cv8_instead_of_next_object(void *iterator) {
    uintptr_t object = cv8::original<uintptr_t(void *)>(CV8_ADDRESS_next_object)(iterator);
    if (object && type_of(object) == date_type) word(object, cv8::offsets::date_stamp) = no_stamp;
    return object;
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

bool learn_dates(v8::Local<v8::Context> context) {
    auto isolate = v8::Isolate::GetCurrent();
    auto date = v8::Date::New(context, 0).ToLocalChecked();
    uintptr_t address;
    std::memcpy(&address, reinterpret_cast<void *>(*date), sizeof address);
    auto stamp = [&] { return word(address, offsets::date_stamp); };
    bool was_unknown = stamp() == no_stamp;
    auto name = v8::String::NewFromUtf8Literal(isolate, "getHours");
    v8::Local<v8::Value> function, hours;
    bool is_function =
        date.As<v8::Object>()->Get(context, name).ToLocal(&function) && function->IsFunction();
    bool is_computed =
        is_function
        && function.As<v8::Function>()->Call(context, date, 0, nullptr).ToLocal(&hours);
    std::memcpy(&address, reinterpret_cast<void *>(*date), sizeof address);
    if (!was_unknown || !is_computed || stamp() == no_stamp) return false;
    date_type = type_of(address);
    return true;
}

void drop_machine_code(v8::Isolate *isolate) {
    auto internal = reinterpret_cast<v8::internal::Isolate *>(isolate);
    v8::internal::Snapshot::ClearReconstructableDataForSerialization(internal, false);
}

} // namespace cv8
