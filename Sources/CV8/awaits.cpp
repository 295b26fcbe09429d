// Where the functions of a heap wait that are suspended in an `await`: for the message about a
// script that waits for ever.

#include "isolate.h"
#include "Internals/debug.h"
#include "Internals/walks.h"

#include <algorithm>
#include <tuple>

namespace {

constexpr size_t place_count_max = 5;

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

} // namespace

cv8_bytes cv8_isolate_pending_awaits(cv8_isolate *owner) {
    cv8::Entered entered(owner);
    v8::Isolate *isolate = owner->isolate;
    std::vector<Place> places;
    for (const auto &object : cv8::suspended_functions(entered.context)) {
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
