// Machine code stays out of snapshots.
//
// V8 makes machine code of a regular expression that runs twice. It has addresses of its process in
// it, unless V8 knows that the isolate is to be serialised, which optimizer.cpp hides from it; and
// V8 10.2 keeps it with what it refers to. So the regular expressions forget their code while V8
// looks through the heap for functions that are to forget theirs: V8 calls this to look. A snapshot
// then has the code of V8's own builtins and no other, whose size is the same in all of them: what
// has more was stored by a program that did not know this, and is rid of it when it is opened.
//
// In the same walk dates forget what they know of the time zone, which may be another in the next
// process.

#include "machine_code.h"
#include "original.h"

#include <cstdint>
#include <cstring>
#include <v8-internal.h>

namespace v8::internal {

class Snapshot {
public:
    static void ClearReconstructableDataForSerialization(Isolate *isolate, bool clear_bytecode);
};

} // namespace v8::internal

namespace {

constexpr uintptr_t heap_object_tag = 1;
// Of a JSRegExp of a 64-bit build without pointer compression, and of what it refers to there: an
// array whose first element tells regular expressions from plain texts.
constexpr uintptr_t data_offset = 24;
constexpr uintptr_t kind_offset = 16;
constexpr uintptr_t code_offsets[] = {40, 48, 56, 64};
// Small integers are in the upper half of a word.
constexpr uintptr_t irregexp_kind = uintptr_t{2} << 32;
constexpr uintptr_t no_code = ~uintptr_t{0} << 32;

// Of a JSDate, what its parts were computed under: V8 counts from 0.
constexpr uintptr_t stamp_offset = 88;
constexpr uintptr_t no_stamp = ~uintptr_t{0} << 32;

// What V8 calls the types of a JSDate and a JSRegExp; 0 before the first isolate was looked at.
uint16_t date_type = 0;
uint16_t regexp_type = 0;
// What the code of builtins takes in every isolate.
size_t builtin_byte_count = SIZE_MAX;
// Whether the heap is looked through to drop code.
thread_local bool is_dropping = false;

uintptr_t &word(uintptr_t object, uintptr_t offset) {
    return *reinterpret_cast<uintptr_t *>(object - heap_object_tag + offset);
}

uintptr_t address_of(v8::Local<v8::Value> value) {
    uintptr_t address;
    std::memcpy(&address, reinterpret_cast<void *>(*value), sizeof address);
    return address;
}

uint16_t type_of(uintptr_t object) {
    uint16_t type;
    uintptr_t map = word(object, 0);
    std::memcpy(&type, &word(map, v8::internal::Internals::kMapInstanceTypeOffset), sizeof type);
    return type;
}

void drop_code_of_regexp(uintptr_t regexp) {
    uintptr_t data = word(regexp, data_offset);
    if (!(data & heap_object_tag) || word(data, kind_offset) != irregexp_kind) return;
    for (uintptr_t offset : code_offsets) word(data, offset) = no_code;
}

size_t code_byte_count(v8::Isolate *isolate) {
    v8::HeapSpaceStatistics space;
    size_t byte_count = 0;
    for (size_t index = 0; index < isolate->NumberOfHeapSpaces(); index++) {
        if (isolate->GetHeapSpaceStatistics(&space, index)
            && std::strncmp(space.space_name(), "code_", 5) == 0)
            byte_count += space.space_used_size();
    }
    return byte_count;
}

} // namespace

#define NEXT "_ZN2v88internal18HeapObjectIterator4NextEv"

extern "C" {

// HeapObjectIterator::Next; 0 at the end.
__attribute__((visibility("default"))) uintptr_t cv8_next_object(void *iterator) asm(NEXT);

uintptr_t cv8_next_object(void *iterator) {
    static const auto function = cv8::original<uintptr_t(void *)>(NEXT);
    uintptr_t object = function(iterator);
    if (!is_dropping || !object) return object;
    uint16_t type = type_of(object);
    if (type == regexp_type) drop_code_of_regexp(object);
    if (type == date_type) word(object, stamp_offset) = no_stamp;
    return object;
}

}

namespace cv8 {

void drop_machine_code(v8::Isolate *isolate) {
    is_dropping = regexp_type != 0;
    auto internal = reinterpret_cast<v8::internal::Isolate *>(isolate);
    v8::internal::Snapshot::ClearReconstructableDataForSerialization(internal, false);
    is_dropping = false;
}

bool drop_stored_machine_code(v8::Isolate *isolate, v8::Local<v8::Context> context) {
    size_t byte_count = code_byte_count(isolate);
    if (builtin_byte_count == SIZE_MAX) {
        // The first isolate is on the base heap.
        builtin_byte_count = byte_count;
        auto source = v8::String::NewFromUtf8Literal(isolate, "a");
        auto regexp = v8::RegExp::New(context, source, v8::RegExp::kNone).ToLocalChecked();
        regexp_type = type_of(address_of(regexp));
        date_type = type_of(address_of(v8::Date::New(context, 0).ToLocalChecked()));
    }
    if (byte_count <= builtin_byte_count) return false;
    drop_machine_code(isolate);
    return true;
}

} // namespace cv8
