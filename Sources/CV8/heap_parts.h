#pragma once
#include "isolate.h"

#include <functional>

namespace cv8 {

// A variable, or something that an object holds.
struct Part {
    enum class Kind { data, accessor, uninitialized };

    // As code would write it after the name of what holds it: `.a`, `[0]`, `.get("k")`; the name
    // itself of a variable.
    std::string path;
    // As a list shows it: `a`, `0`, `"k"`.
    std::string name;
    Kind kind = Kind::data;
    // Empty unless it is data.
    v8::Local<v8::Value> value;
};

// Looks into the values of a context. Nothing here runs a script's code: getters are not called,
// proxies not entered, and what V8 itself computes on reading (an error's `stack` would call
// Error.prepareStackTrace) is not read.
class Looker {
public:
    explicit Looker(cv8_isolate *owner, v8::Local<v8::Context> context)
        : owner(owner), isolate(owner->isolate), context(context) {}

    // Whether the time is over, or V8 is out of memory.
    bool is_over() const { return owner->is_terminated; }

    // An own property that is no element.
    Part property(v8::Local<v8::Object> object, v8::Local<v8::Name> key);

    // Own elements, entries and properties, until `visit` says false or `count_max` were visited.
    // Returns how many there are, with those that were not visited.
    using Visit = std::function<bool(const Part &)>;
    size_t parts(v8::Local<v8::Value> value, size_t count_max, const Visit &visit);

    // What typeof says.
    static const char *type(v8::Local<v8::Value> value);
    // The name of the constructor, as V8 finds it without running code; empty for what is no
    // object.
    std::string class_name(v8::Local<v8::Value> value);
    // The first `byte_count_max` bytes of a string or of a symbol's description.
    std::string text(v8::Local<v8::Value> value, size_t byte_count_max);
    // The source of a function; empty for what is none.
    std::string source(v8::Local<v8::Value> value, size_t byte_count_max);
    bool is_class(v8::Local<v8::Value> value);

    cv8_isolate *const owner;
    v8::Isolate *const isolate;
    const v8::Local<v8::Context> context;

private:
    struct Visiting;
    void visit_elements(v8::Local<v8::Object> object, Visiting &visiting);
    void visit_entries(v8::Local<v8::Object> object, Visiting &visiting);
    void visit_properties(v8::Local<v8::Object> object, Visiting &visiting);
    Part element(v8::Local<v8::Object> object, uint32_t index);
};

// A text as JSON writes it, with its quotes.
std::string quoted(const std::string &text);

// Whether a text can stand behind a dot.
bool is_identifier(const std::string &text);

// The first bytes of a text, whole characters only, with an ellipsis where something is missing.
std::string cut(const std::string &text, size_t byte_count_max);

} // namespace cv8
