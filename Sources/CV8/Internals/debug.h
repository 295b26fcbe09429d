#pragma once
// What V8's debugger uses, from V8's debug-interface.h.

#include <v8.h>
#include <vector>

#if V8_MAJOR_VERSION != 13 || V8_MINOR_VERSION != 6
#error "mcp-v8 knows V8 13.6"
#endif

namespace v8::debug {

enum class EvaluateGlobalMode { kDefault, kDisableBreaks, kDisableBreaksAndThrowOnSideEffect };

MaybeLocal<Value>
EvaluateGlobal(Isolate *isolate, Local<String> source, EvaluateGlobalMode mode, bool repl);

class Location {
public:
    // From 0.
    int GetLineNumber() const;
    int GetColumnNumber() const;

private:
    int line_number_;
    int column_number_;
    bool is_empty_;
};

class Script {
public:
    MaybeLocal<String> SourceURL() const;
};

class GeneratorObject {
public:
    MaybeLocal<debug::Script> Script();
    Location SuspendedLocation();
    bool IsSuspended();
    static Local<GeneratorObject> Cast(Local<Value> value);
};

// The names of let, const and class at the top level of all scripts.
void GlobalLexicalScopeNames(Local<Context> context, std::vector<Global<String>> *names);

} // namespace v8::debug
