#pragma once
#include "CV8.h"

#include <CBaseHeap.h>
#include <atomic>
#include <memory>
#include <string>
#include <v8.h>
#include <vector>

// One isolate, its only context, and what is kept of the script that runs in it.
struct cv8_isolate {
    v8::Isolate *isolate = nullptr;
    // Owns the isolate.
    std::unique_ptr<v8::SnapshotCreator> creator;
    std::unique_ptr<v8::ArrayBuffer::Allocator> allocator;
    // V8 reads from the snapshot as long as the isolate lives.
    v8::StartupData snapshot{};

    v8::Global<v8::Context> context;
    // The base heap's functions for us.
    v8::Global<v8::Object> hooks;

    cv8_print print = nullptr;
    void *print_context = nullptr;

    // The promise of the script that was begun last, and its name.
    v8::Global<v8::Promise> completion;
    std::string script_name;
    // Whether nothing of it ran.
    bool is_parsing = false;
    // Where its code as given ends, from 1: the parser may complain about the line that is appended
    // to it.
    uint32_t script_line_count = 1;
    uint32_t script_last_column = 1;
    // The value or the exception that the script ended with.
    v8::Global<v8::Value> kept;
    v8::Global<v8::Message> kept_message;
    // Rejected promises that nobody handles, oldest first.
    std::vector<v8::Global<v8::Promise>> rejections;

    std::atomic<bool> is_terminated{false};
    std::atomic<bool> is_out_of_memory{false};

    // What the borrowed bytes of the last call point into.
    std::string texts[5];
    // A returned file.
    std::string media;
    std::string media_type;

    // Calls a hook. Empty if it threw or was terminated.
    v8::MaybeLocal<v8::Value> call_hook(
        v8::Local<v8::Context> context, const char *name,
        std::initializer_list<v8::Local<v8::Value>> arguments
    );

    // Lets go of everything that keeps V8 from serialising or that belongs to an ended script.
    void forget_script();
};

namespace cv8 {

// A value as UTF-8 without running its own code; lone surrogates become U+FFFD. Empty for what is
// not a primitive.
std::string utf8(v8::Isolate *isolate, v8::Local<v8::Value> value);

inline cv8_bytes borrow(const std::string &text) {
    return {text.data(), text.size()};
}

inline v8::Local<v8::String> text(v8::Isolate *isolate, const char *characters) {
    return v8::String::NewFromUtf8(isolate, characters, v8::NewStringType::kInternalized)
        .ToLocalChecked();
}

// Runs one of the base heap's scripts: its value is a function of `host` and `shared`.
v8::MaybeLocal<v8::Value>
run_base_script(v8::Local<v8::Context> context, const base_heap_script &script);

// Evaluates the base heap's scripts in a context and returns their hooks.
v8::MaybeLocal<v8::Object> install_base_heap(v8::Local<v8::Context> context);

// Isolate, handles and context of one call.
struct Entered {
    explicit Entered(cv8_isolate *owner)
        : isolate_scope(owner->isolate), handles(owner->isolate),
          context(owner->context.Get(owner->isolate)), context_scope(context) {}

    v8::Isolate::Scope isolate_scope;
    v8::HandleScope handles;
    v8::Local<v8::Context> context;
    v8::Context::Scope context_scope;
};

} // namespace cv8
