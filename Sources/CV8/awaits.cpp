// Where the functions of a heap wait that are suspended in an `await`: for the message about a
// script that waits for ever.
//
// Nothing refers to a function that waits for a promise that nothing refers to: it is garbage. V8's
// QueryObjects collects garbage first and then leaves out what is unreachable. It does neither
// here: it is told not to collect, and the function that it leaves out with is replaced. Where a V8
// does not call that, some places are missing.

#include "collections.h"
#include "isolate.h"
#include "original.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#define ITERATE                                                                                    \
    "_ZN2v88internal26CombinedHeapObjectIteratorC1EPNS0_4HeapENS0_18HeapObjectIterator"            \
    "20HeapObjectsFilteringE"

extern "C" {

// The constructor of CombinedHeapObjectIterator; 0 stands for no filter.
__attribute__((visibility("default"))) void
cv8_iterate(void *iterator, void *heap, int filter) asm(ITERATE);

void cv8_iterate(void *iterator, void *heap, int filter) {
    static const auto function = cv8::original<void(void *, void *, int)>(ITERATE);
    bool keeps_garbage = cv8::collections() == cv8::Collections::never;
    function(iterator, heap, keeps_garbage ? 0 : filter);
}

}

namespace {

constexpr size_t place_count_max = 5;

struct IsGenerator final : v8::debug::QueryObjectPredicate {
    bool Filter(v8::Local<v8::Object> object) override { return object->IsGeneratorObject(); }
};

// Sorts those of the script that was begun last before those of earlier ones.
struct Place {
    bool is_earlier;
    std::string script;
    int line;
    int column;

    bool operator<(const Place &other) const {
        return std::tie(is_earlier, script, line, column)
               < std::tie(other.is_earlier, other.script, other.line, other.column);
    }
};

std::vector<v8::Global<v8::Object>> generators(v8::Local<v8::Context> context) {
    IsGenerator predicate;
    std::vector<v8::Global<v8::Object>> objects;
    cv8::CollectionsScope scope(cv8::Collections::never);
    v8::debug::FoundObjects found(context->GetIsolate());
    v8::debug::QueryObjects(context, &predicate, &found);
    for (uintptr_t handle : found.handles) {
        // Both are the address of a slot, which from here on belongs to the Global.
        static_assert(sizeof(v8::Global<v8::Object>) == sizeof handle);
        std::memcpy(static_cast<void *>(&objects.emplace_back()), &handle, sizeof handle);
    }
    return objects;
}

} // namespace

cv8_bytes cv8_isolate_pending_awaits(cv8_isolate *owner) {
    cv8::Entered entered(owner);
    v8::Isolate *isolate = owner->isolate;
    std::vector<Place> places;
    for (const auto &object : generators(entered.context)) {
        v8::HandleScope handles(isolate);
        auto generator = v8::debug::GeneratorObject::Cast(object.Get(isolate));
        v8::Local<v8::debug::Script> script;
        v8::Local<v8::String> name;
        if (!generator->IsSuspended() || !generator->Script().ToLocal(&script)
            || !script->SourceURL().ToLocal(&name))
            continue;
        std::string text = cv8::utf8(isolate, name);
        if (text.empty()) continue;
        auto location = generator->SuspendedLocation();
        places.push_back(
            {text != owner->script_name, text, location.GetLineNumber() + 1,
             location.GetColumnNumber() + 1}
        );
    }
    std::sort(places.begin(), places.end());
    owner->texts[0].clear();
    for (size_t index = 0; index < std::min(places.size(), place_count_max); index++) {
        const auto &place = places[index];
        if (index > 0) owner->texts[0] += ", ";
        owner->texts[0] += place.script + ":" + std::to_string(place.line) + ":"
                           + std::to_string(place.column);
    }
    return cv8::borrow(owner->texts[0]);
}
