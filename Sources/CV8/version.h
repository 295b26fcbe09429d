#pragma once
// The only place that knows V8's version, and what it exports without a public header.

#include <v8.h>
#include <vector>

#if V8_MAJOR_VERSION != 10
#error "mcp-v8 knows V8 10 (Debian 12's libnode)"
#endif

namespace v8 {
// From V8's v8-util.h, which Debian leaves out, as far as it is used: the values are handles that
// whoever takes them disposes of.
class DefaultPersistentValueVectorTraits;
template <typename Value, typename Traits> class PersistentValueVector {
public:
    explicit PersistentValueVector(Isolate *isolate) : isolate(isolate) {}

    Isolate *isolate;
    std::vector<uintptr_t> handles;
};
} // namespace v8

// From V8's debug-interface.h.
namespace v8::debug {
enum class EvaluateGlobalMode { kDefault, kDisableBreaks, kDisableBreaksAndThrowOnSideEffect };
V8_EXPORT MaybeLocal<Value>
EvaluateGlobal(Isolate *isolate, Local<String> source, EvaluateGlobalMode mode, bool repl);

class V8_EXPORT Location {
public:
    // From 0.
    int GetLineNumber() const;
    int GetColumnNumber() const;

private:
    int line_number_;
    int column_number_;
    bool is_empty_;
};

class V8_EXPORT Script {
public:
    MaybeLocal<String> SourceURL() const;
};

class V8_EXPORT GeneratorObject {
public:
    MaybeLocal<debug::Script> Script();
    Location SuspendedLocation();
    bool IsSuspended();
    static Local<GeneratorObject> Cast(Local<Value> value);
};

class QueryObjectPredicate {
public:
    virtual ~QueryObjectPredicate() = default;
    virtual bool Filter(Local<Object> object) = 0;
};

using FoundObjects = PersistentValueVector<Object, DefaultPersistentValueVectorTraits>;

V8_EXPORT void
QueryObjects(Local<Context> context, QueryObjectPredicate *predicate, FoundObjects *objects);

using FoundNames = PersistentValueVector<String, DefaultPersistentValueVectorTraits>;

// The names of let, const and class at the top level of all scripts.
V8_EXPORT void GlobalLexicalScopeNames(Local<Context> context, FoundNames *names);
} // namespace v8::debug

// Where a name is bound. A handle is one pointer, as a Local is.
namespace v8::internal {
template <typename Type> struct Handle {
    uintptr_t *location;
};
class Object;
class String;
enum ContextLookupFlags : int { DONT_FOLLOW_CHAINS = 0 };
enum PropertyAttributes : int {};
enum InitializationFlag : uint8_t {};
enum class VariableMode : uint8_t { kLet, kConst };
// V8 passes an object by value as what this is: its address.
class Context {
public:
    uintptr_t address;

    static Handle<Object> Lookup(
        Handle<Context> context, Handle<String> name, ContextLookupFlags flags, int *index,
        PropertyAttributes *attributes, InitializationFlag *initialization, VariableMode *mode,
        bool *is_sloppy_function_name
    );
};
} // namespace v8::internal
