#include "lexical.h"

// A handle is one pointer, as a Local is.
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

class Context {
public:
    static Handle<Object> Lookup(
        Handle<Context> context, Handle<String> name, ContextLookupFlags flags, int *index,
        PropertyAttributes *attributes, InitializationFlag *initialization, VariableMode *mode,
        bool *is_sloppy_function_name
    );
};

} // namespace v8::internal

namespace cv8 {

bool is_constant(v8::Local<v8::Context> context, v8::Local<v8::String> name) {
    using namespace v8::internal;
    int index = 0;
    PropertyAttributes attributes{};
    InitializationFlag initialization{};
    auto mode = VariableMode::kLet;
    bool is_function_name = false;
    v8::internal::Context::Lookup(
        {reinterpret_cast<uintptr_t *>(*context)}, {reinterpret_cast<uintptr_t *>(*name)},
        DONT_FOLLOW_CHAINS, &index, &attributes, &initialization, &mode, &is_function_name
    );
    return mode == VariableMode::kConst;
}

} // namespace cv8
