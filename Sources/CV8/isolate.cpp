#include "isolate.h"
#include "Internals/collections.h"
#include "Internals/optimizer.h"
#include "Internals/read_only.h"
#include "Internals/walks.h"
#include "fatal.h"
#include "memory_limit.h"
#include "natives.h"
#include "snapshot_place.h"

#include <CBaseHeap.h>
#include <cstdio>
#include <cstring>

namespace {

// What a script that fills the heap is granted beyond the limit, so that V8 can unwind it.
constexpr size_t heap_byte_count_to_unwind = 64 << 20;

size_t on_near_heap_limit(void *context, size_t current_limit, size_t) {
    auto *owner = static_cast<cv8_isolate *>(context);
    owner->is_out_of_memory = true;
    cv8_isolate_terminate(owner);
    return current_limit + heap_byte_count_to_unwind;
}

void on_out_of_memory(const char *location, const v8::OOMDetails &) {
    cv8::end_out_of_memory(location ? location : "V8");
}

void on_fatal_error(const char *location, const char *message) {
    std::fprintf(stderr, "%s: %s\n", location ? location : "V8", message ? message : "");
    __builtin_trap();
}

void on_rejection(v8::PromiseRejectMessage message) {
    v8::Isolate *isolate = v8::Isolate::GetCurrent();
    auto *owner = static_cast<cv8_isolate *>(isolate->GetData(0));
    auto promise = message.GetPromise();
    if (message.GetEvent() == v8::kPromiseRejectWithNoHandler) {
        owner->rejections.emplace_back(isolate, promise);
    } else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
        auto &all = owner->rejections;
        for (auto each = all.begin(); each != all.end(); ++each) {
            if (*each == promise) {
                all.erase(each);
                return;
            }
        }
    }
}

// There are no modules: `import()` is rejected with what to do instead.
v8::MaybeLocal<v8::Promise> refuse_import(
    v8::Local<v8::Context> context, v8::Local<v8::Data>, v8::Local<v8::Value>,
    v8::Local<v8::String> specifier, v8::Local<v8::FixedArray>
) {
    v8::Isolate *isolate = v8::Isolate::GetCurrent();
    std::string reason = "import('" + cv8::utf8(isolate, specifier)
                         + "'): there are no modules here. Write what is needed into the script.";
    auto text = v8::String::NewFromUtf8(isolate, reason.c_str());
    v8::Local<v8::Promise::Resolver> resolver;
    v8::Local<v8::String> message;
    if (!text.ToLocal(&message) || !v8::Promise::Resolver::New(context).ToLocal(&resolver)
        || resolver->Reject(context, v8::Exception::TypeError(message)).IsNothing())
        return {};
    return resolver->GetPromise();
}

// A script without its indentation and its lines of comment: every snapshot holds the source.
std::string compact(const base_heap_script &script) {
    std::string compacted;
    const char *line = script.source;
    const char *end = script.source + script.byte_count;
    while (line < end) {
        auto break_at = static_cast<const char *>(std::memchr(line, '\n', end - line));
        const char *next = break_at ? break_at + 1 : end;
        while (line < next && *line == ' ') line++;
        bool is_comment = next - line > 2 && line[0] == '/' && line[1] == '/';
        compacted.append(is_comment ? next - 1 : line, next);
        line = next;
    }
    return compacted;
}

void configure(cv8_isolate *owner) {
    v8::Isolate *isolate = owner->isolate;
    isolate->SetData(0, owner);
    isolate->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
    isolate->SetPromiseRejectCallback(on_rejection);
    isolate->SetHostImportModuleDynamicallyCallback(refuse_import);
    isolate->SetOOMErrorHandler(on_out_of_memory);
    isolate->SetFatalErrorHandler(on_fatal_error);
    isolate->AddNearHeapLimitCallback(on_near_heap_limit, owner);
    isolate->SetCaptureStackTraceForUncaughtExceptions(true, 10);
}

cv8_isolate *make(v8::StartupData snapshot) {
    auto *owner = new cv8_isolate;
    owner->snapshot = snapshot;
    owner->allocator.reset(v8::ArrayBuffer::Allocator::NewDefaultAllocator());
    v8::Isolate::CreateParams parameters;
    parameters.snapshot_blob = snapshot.data ? &owner->snapshot : nullptr;
    parameters.external_references = cv8::external_references();
    parameters.array_buffer_allocator = owner->allocator.get();
    parameters.constraints.set_code_range_size_in_bytes(cv8_code_byte_count_max);
    owner->creator = std::make_unique<v8::SnapshotCreator>(parameters);
    owner->isolate = owner->creator->GetIsolate();
    // A creator enters its isolate for its own life, and V8 wants isolates to be left in the
    // reverse order: there are several, which end in any.
    owner->isolate->Exit();
    configure(owner);
    return owner;
}

} // namespace

namespace cv8 {

v8::MaybeLocal<v8::Value>
run_base_script(v8::Local<v8::Context> context, const base_heap_script &script) {
    v8::Isolate *isolate = v8::Isolate::GetCurrent();
    v8::ScriptOrigin origin(text(isolate, script.name));
    std::string code = compact(script);
    v8::Local<v8::String> source;
    v8::Local<v8::Script> compiled;
    if (!v8::String::NewFromUtf8(
             isolate, code.data(), v8::NewStringType::kNormal, static_cast<int>(code.size())
        )
             .ToLocal(&source)
        || !v8::Script::Compile(context, source, &origin).ToLocal(&compiled))
        return {};
    return compiled->Run(context);
}

v8::MaybeLocal<v8::Object> install_base_heap(v8::Local<v8::Context> context) {
    v8::Isolate *isolate = v8::Isolate::GetCurrent();
    v8::EscapableHandleScope handles(isolate);
    v8::TryCatch failure(isolate);
    v8::Local<v8::Value> arguments[] = {
        make_host(context), v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0)};
    for (size_t index = 0; index < base_heap_script_count; index++) {
        const base_heap_script &script = base_heap_scripts[index];
        v8::Local<v8::Value> install;
        if (!run_base_script(context, script).ToLocal(&install) || !install->IsFunction()
            || install.As<v8::Function>()
                   ->Call(context, v8::Undefined(isolate), 2, arguments)
                   .IsEmpty()) {
            v8::String::Utf8Value reason(isolate, failure.Exception());
            std::fprintf(stderr, "%s: %s\n", script.name, *reason ? *reason : "not a function");
            return {};
        }
    }
    v8::Local<v8::Value> hooks;
    if (!arguments[1].As<v8::Object>()->Get(context, text(isolate, "hooks")).ToLocal(&hooks)
        || !hooks->IsObject()) {
        return {};
    }
    return handles.Escape(hooks.As<v8::Object>());
}

std::string utf8(v8::Isolate *isolate, v8::Local<v8::Value> value) {
    if (value.IsEmpty() || !value->IsString()) return {};
    auto string = value.As<v8::String>();
    std::string result(string->Utf8LengthV2(isolate), '\0');
    string->WriteUtf8V2(
        isolate, result.data(), result.size(), v8::String::WriteFlags::kReplaceInvalidUtf8
    );
    return result;
}

} // namespace cv8

cv8_isolate *cv8_isolate_open_base(void) {
    cv8_isolate *owner = make({});
    bool is_complete = false;
    {
        v8::Isolate::Scope isolate_scope(owner->isolate);
        v8::HandleScope handles(owner->isolate);
        // What V8 holds back from contexts that are to be serialised survives it well.
        cv8::hide_serializer(owner->isolate);
        auto context = v8::Context::New(owner->isolate);
        v8::Context::Scope context_scope(context);
        v8::Local<v8::Object> hooks;
        if (!cv8::learn_dates(context)) {
            std::fprintf(stderr, "mcp-v8-worker: the dates of this V8 are not as they should be\n");
        } else if (cv8::install_base_heap(context).ToLocal(&hooks)) {
            owner->hooks.Reset(owner->isolate, hooks);
            owner->context.Reset(owner->isolate, context);
            is_complete = true;
        }
    }
    if (is_complete) return owner;
    cv8_isolate_dispose(owner);
    return nullptr;
}

cv8_isolate *
cv8_isolate_open(cv8_isolate_kind kind, cv8_bytes snapshot, cv8_print print, void *print_context) {
    // Where the snapshot was made in this process it is in memory twice.
    cv8::RaisedMemoryLimit raised(snapshot.byte_count);
    cv8_isolate *owner = make({snapshot.bytes, static_cast<int>(snapshot.byte_count)});
    owner->print = print;
    owner->print_context = print_context;
    bool is_complete = false;
    {
        v8::Isolate::Scope isolate_scope(owner->isolate);
        v8::HandleScope handles(owner->isolate);
        auto context = v8::Context::New(owner->isolate);
        v8::Local<v8::Object> hooks;
        if (context->GetDataFromSnapshotOnce<v8::Object>(0).ToLocal(&hooks)) {
            owner->hooks.Reset(owner->isolate, hooks);
            owner->context.Reset(owner->isolate, context);
            is_complete = kind == cv8_serializable
                          || !owner->call_hook(context, "becomeStateless", {}).IsEmpty();
        }
    }
    // V8 holds on to this for further contexts, of which there are none.
    owner->snapshot = {};
    if (is_complete) cv8::let_optimize(owner->isolate);
    if (is_complete) return owner;
    cv8_isolate_dispose(owner);
    return nullptr;
}

void cv8_isolate_dispose(cv8_isolate *owner) {
    if (!owner) return;
    owner->forget_script();
    owner->hooks.Reset();
    owner->context.Reset();
    // A creator insists on having made a blob, or on never having been asked: it disposes of its
    // isolate itself, and leaves it.
    owner->isolate->Enter();
    owner->creator.reset();
    delete owner;
}

void cv8_isolate_terminate(cv8_isolate *owner) {
    owner->is_terminated = true;
    owner->isolate->TerminateExecution();
}

cv8_state cv8_isolate_state(cv8_isolate *owner) {
    if (owner->is_out_of_memory) return cv8_out_of_memory;
    return owner->is_terminated ? cv8_ended : cv8_usable;
}

uint64_t cv8_isolate_heap_byte_count(cv8_isolate *owner) {
    v8::HeapStatistics statistics;
    owner->isolate->GetHeapStatistics(&statistics);
    return statistics.used_heap_size() + statistics.external_memory();
}

cv8_bytes cv8_isolate_serialize(cv8_isolate *owner, char *place, size_t capacity) {
    owner->forget_script();
    cv8::RaisedMemoryLimit raised(cv8_isolate_heap_byte_count(owner));
    owner->isolate->Enter();
    {
        v8::HandleScope handles(owner->isolate);
        auto context = owner->context.Get(owner->isolate);
        owner->creator->AddData(context, owner->hooks.Get(owner->isolate));
        owner->creator->SetDefaultContext(context);
    }
    owner->hooks.Reset();
    owner->context.Reset();
    cv8::show_serializer(owner->isolate);
    cv8::CollectionsScope collecting(cv8::Collections::as_needed);
    cv8::SnapshotPlace placing(place, capacity);
    auto blob = owner->creator->CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
    owner->isolate->Exit();
    cv8_isolate_dispose(owner);
    // They are writable: nobody else has them.
    cv8::forget_addresses(const_cast<char *>(blob.data), static_cast<size_t>(blob.raw_size));
    return {blob.data, static_cast<size_t>(blob.raw_size)};
}

void cv8_snapshot_free(cv8_bytes snapshot) {
    delete[] snapshot.bytes;
}

void cv8_isolate::forget_script() {
    completion.Reset();
    kept.Reset();
    kept_message.Reset();
    rejections.clear();
}

v8::MaybeLocal<v8::Value> cv8_isolate::call_hook(
    v8::Local<v8::Context> context, const char *name,
    std::initializer_list<v8::Local<v8::Value>> arguments
) {
    v8::Local<v8::Value> hook;
    if (!hooks.Get(isolate)->Get(context, cv8::text(isolate, name)).ToLocal(&hook)
        || !hook->IsFunction())
        return {};
    auto values = const_cast<v8::Local<v8::Value> *>(arguments.begin());
    return hook.As<v8::Function>()->Call(
        context, v8::Undefined(isolate), static_cast<int>(arguments.size()), values
    );
}
