#pragma once
// The only place that knows V8's versions, and what it exports without a public header.

#include <v8.h>

#if V8_MAJOR_VERSION < 10 || V8_MAJOR_VERSION > 11
#error "mcp-v8 knows V8 10 (Debian 12) and 11 (Debian 13)"
#endif

// From V8's debug-interface.h; the same in 10.2 and 11.3.
namespace v8::debug {
enum class EvaluateGlobalMode { kDefault, kDisableBreaks, kDisableBreaksAndThrowOnSideEffect };
V8_EXPORT MaybeLocal<Value>
EvaluateGlobal(Isolate *isolate, Local<String> source, EvaluateGlobalMode mode, bool repl);
} // namespace v8::debug
