#include "isolate.h"
#include "Internals/debug.h"
#include "media.h"
#include "platform.h"

#include <algorithm>
#include <cstdio>

namespace {

using cv8::Entered;

void keep(cv8_isolate *owner, v8::Local<v8::Value> value, v8::Local<v8::Message> message = {}) {
    owner->kept.Reset(owner->isolate, value);
    owner->kept_message.Reset(owner->isolate, message);
}

// What became of a call under `scope` that gave no value.
cv8_progress failure(cv8_isolate *owner, v8::TryCatch &scope) {
    if (owner->is_terminated || !scope.HasCaught() || !scope.CanContinue()) return cv8_terminated;
    keep(owner, scope.Exception(), scope.Message());
    return cv8_failed;
}

// How far the script is, once nothing runs any more.
cv8_progress look(cv8_isolate *owner, v8::Local<v8::Context> context) {
    if (owner->is_terminated) return cv8_terminated;
    v8::Isolate *isolate = owner->isolate;
    auto completion = owner->completion.Get(isolate);
    for (auto &each : owner->rejections) {
        auto promise = each.Get(isolate);
        if (promise == completion) continue;
        keep(owner, promise->Result(), v8::Exception::CreateMessage(isolate, promise->Result()));
        return cv8_failed;
    }
    switch (completion->State()) {
    case v8::Promise::kPending: return cv8_waiting;
    case v8::Promise::kRejected:
        keep(
            owner, completion->Result(), v8::Exception::CreateMessage(isolate, completion->Result())
        );
        return cv8_failed;
    case v8::Promise::kFulfilled: break;
    }
    v8::Local<v8::Value> value;
    auto result = completion->Result();
    if (!result->IsObject()
        || !result.As<v8::Object>()
                ->Get(context, cv8::text(isolate, ".repl_result"))
                .ToLocal(&value)) {
        value = v8::Undefined(isolate);
    }
    keep(owner, value);
    return cv8_fulfilled;
}

// The longest line of an earlier script that is shown, in UTF-16 units.
constexpr int source_length_max = 1000;
// The longest name of a script; code that is evaluated by code may choose its own.
constexpr size_t script_name_byte_count_max = 128;

// Where a message points, if that is not in our own scripts.
void locate(
    cv8_isolate *owner, v8::Local<v8::Context> context, v8::Local<v8::Message> message,
    cv8_error *error
) {
    std::string name = cv8::utf8(owner->isolate, message->GetScriptResourceName());
    // The name is in the source's last line, which the parser may not have reached.
    if (owner->is_parsing && name.empty()) name = owner->script_name;
    bool is_own = name.rfind("mcp-v8:", 0) == 0;
    if (name.empty() || name.size() > script_name_byte_count_max || is_own) return;
    owner->texts[3] = name;
    error->line = static_cast<uint32_t>(message->GetLineNumber(context).FromMaybe(0));
    error->column = static_cast<uint32_t>(message->GetStartColumn(context).FromMaybe(-1) + 1);
    v8::Local<v8::String> source;
    if (name == owner->script_name) {
        if (error->line <= owner->script_line_count) return;
        error->line = owner->script_line_count;
        error->column = owner->script_last_column;
    } else if (message->GetSourceLine(context).ToLocal(&source)
               && source->Length() <= source_length_max) {
        owner->texts[4] = cv8::utf8(owner->isolate, source);
    }
}

// What our own scripts threw belongs to the line that called them: the first frame of the stack,
// where that is in the script that was begun last.
void locate_by_stack(cv8_isolate *owner, cv8_error *error) {
    const std::string &stack = owner->texts[2];
    size_t start = stack.find("\n    at ");
    if (start == std::string::npos) return;
    std::string frame = stack.substr(start, stack.find('\n', start + 1) - start);
    size_t place = frame.find(owner->script_name + ":");
    if (place == std::string::npos) return;
    unsigned line = 0, column = 0;
    const char *numbers = frame.c_str() + place + owner->script_name.size();
    if (std::sscanf(numbers, ":%u:%u", &line, &column) != 2) return;
    owner->texts[3] = owner->script_name;
    error->line = line;
    error->column = column;
}

void run_microtasks(cv8_isolate *owner) {
    do owner->isolate->PerformMicrotaskCheckpoint();
    while (!owner->is_terminated && cv8::pump_task(owner->isolate));
}

} // namespace

cv8_progress cv8_isolate_begin(cv8_isolate *owner, cv8_bytes code, const char *name) {
    Entered entered(owner);
    v8::Isolate *isolate = owner->isolate;
    owner->forget_script();
    owner->script_name = name;
    owner->is_parsing = true;
    std::string source(code.bytes, code.byte_count);
    owner->script_line_count =
        1 + static_cast<uint32_t>(std::count(source.begin(), source.end(), '\n'));
    owner->script_last_column = static_cast<uint32_t>(source.size() - (source.rfind('\n') + 1)) + 1;
    v8::TryCatch scope(isolate);
    // EvaluateGlobal takes no file name: the comment gives it.
    source += "\n//# sourceURL=";
    source += name;
    v8::Local<v8::String> text;
    v8::Local<v8::Value> completion;
    if (owner->call_hook(entered.context, "beginRun", {}).IsEmpty()) return failure(owner, scope);
    if (!v8::String::NewFromUtf8(
             isolate, source.data(), v8::NewStringType::kNormal, static_cast<int>(source.size())
        )
             .ToLocal(&text)
        || !v8::debug::EvaluateGlobal(isolate, text, v8::debug::EvaluateGlobalMode::kDefault, true)
                .ToLocal(&completion)) {
        // In REPL mode whatever the code throws rejects the promise: only the parser throws here.
        auto progress = failure(owner, scope);
        return progress == cv8_failed ? cv8_failed_to_parse : progress;
    }
    owner->is_parsing = false;
    owner->completion.Reset(isolate, completion.As<v8::Promise>());
    return owner->is_terminated ? cv8_terminated : cv8_waiting;
}

cv8_progress cv8_isolate_drain(cv8_isolate *owner) {
    Entered entered(owner);
    v8::TryCatch scope(owner->isolate);
    run_microtasks(owner);
    return look(owner, entered.context);
}

double cv8_isolate_next_timer_delay(cv8_isolate *owner) {
    Entered entered(owner);
    v8::TryCatch scope(owner->isolate);
    v8::Local<v8::Value> delay;
    bool is_over = owner->completion.Get(owner->isolate)->State() != v8::Promise::kPending;
    auto over = v8::Boolean::New(owner->isolate, is_over);
    if (!owner->call_hook(entered.context, "nextTimerDelay", {over}).ToLocal(&delay)
        || !delay->IsNumber())
        return -1;
    return delay.As<v8::Number>()->Value();
}

cv8_progress cv8_isolate_run_timer(cv8_isolate *owner) {
    Entered entered(owner);
    v8::TryCatch scope(owner->isolate);
    if (owner->call_hook(entered.context, "runDueTimer", {}).IsEmpty())
        return failure(owner, scope);
    return owner->is_terminated ? cv8_terminated : cv8_waiting;
}

cv8_bytes cv8_isolate_pending_timers(cv8_isolate *owner) {
    Entered entered(owner);
    owner->texts[0].clear();
    // No code of a script's runs here, so it can be asked of an isolate that was terminated; and
    // again, where that comes meanwhile.
    for (int attempt = 0; attempt < 2 && owner->texts[0].empty(); attempt++) {
        owner->isolate->CancelTerminateExecution();
        v8::TryCatch scope(owner->isolate);
        v8::Local<v8::Value> pending;
        if (owner->call_hook(entered.context, "pendingTimers", {}).ToLocal(&pending))
            owner->texts[0] = cv8::utf8(owner->isolate, pending);
    }
    return cv8::borrow(owner->texts[0]);
}

bool cv8_isolate_describe_value(
    cv8_isolate *owner, uint32_t byte_count_max, uint32_t media_byte_count_max, cv8_value *value
) {
    Entered entered(owner);
    v8::Isolate *isolate = owner->isolate;
    v8::TryCatch scope(isolate);
    auto limit = v8::Integer::NewFromUnsigned(isolate, byte_count_max);
    v8::Local<v8::Value> forms, json, text, is_cut, file, claim;
    bool is_described =
        owner->call_hook(entered.context, "describeValue", {owner->kept.Get(isolate), limit})
            .ToLocal(&forms)
        && forms->IsArray() && forms.As<v8::Object>()->Get(entered.context, 0).ToLocal(&json)
        && forms.As<v8::Object>()->Get(entered.context, 1).ToLocal(&text)
        && forms.As<v8::Object>()->Get(entered.context, 2).ToLocal(&is_cut)
        && forms.As<v8::Object>()->Get(entered.context, 3).ToLocal(&file)
        && forms.As<v8::Object>()->Get(entered.context, 4).ToLocal(&claim);
    if (owner->is_terminated) return false;
    owner->texts[0] = is_described ? cv8::utf8(isolate, json) : "";
    owner->texts[1] = is_described ? cv8::utf8(isolate, text) : "[a value that cannot be shown]";
    value->has_json = is_described && json->IsString() && owner->texts[0].size() <= byte_count_max;
    value->json = cv8::borrow(owner->texts[0]);
    value->text = cv8::borrow(owner->texts[1]);
    value->is_cut = is_described && is_cut->IsTrue();
    owner->media = is_described ? cv8::media_bytes(file, media_byte_count_max) : "";
    owner->media_type =
        is_described ? cv8::media_type(owner->media, cv8::utf8(isolate, claim)) : "";
    value->media = cv8::borrow(owner->media);
    value->media_type = cv8::borrow(owner->media_type);
    return true;
}

bool cv8_isolate_describe_error(cv8_isolate *owner, cv8_error *error) {
    Entered entered(owner);
    v8::Isolate *isolate = owner->isolate;
    v8::TryCatch scope(isolate);
    *error = {};
    v8::Local<v8::Message> message = owner->kept_message.Get(isolate);
    owner->texts[3].clear();
    owner->texts[4].clear();
    if (!message.IsEmpty()) locate(owner, entered.context, message, error);
    v8::Local<v8::Value> parts;
    bool is_described =
        owner->call_hook(entered.context, "describeError", {owner->kept.Get(isolate)})
            .ToLocal(&parts)
        && parts->IsArray();
    if (owner->is_terminated) return false;
    for (uint32_t index = 0; index < 3; index++) {
        v8::Local<v8::Value> part;
        owner->texts[index].clear();
        if (is_described && parts.As<v8::Object>()->Get(entered.context, index).ToLocal(&part)) {
            owner->texts[index] = cv8::utf8(isolate, part);
        }
    }
    error->name = cv8::borrow(owner->texts[0]);
    error->message = cv8::borrow(owner->texts[1]);
    error->stack = cv8::borrow(owner->texts[2]);
    if (error->line == 0) locate_by_stack(owner, error);
    error->script = cv8::borrow(owner->texts[3]);
    error->source = cv8::borrow(owner->texts[4]);
    // V8 drops pending microtasks without a word at the next snapshot: their promises would never
    // settle.
    run_microtasks(owner);
    (void)owner->call_hook(entered.context, "clearTimers", {});
    return !owner->is_terminated;
}

cv8_bytes cv8_isolate_prepare_serialization(cv8_isolate *owner) {
    Entered entered(owner);
    v8::TryCatch scope(owner->isolate);
    owner->texts[0] = "its own preparation failed";
    v8::Local<v8::Value> obstacle;
    if (!owner->call_hook(entered.context, "clearTimers", {}).IsEmpty()
        && owner->call_hook(entered.context, "prepareSnapshot", {}).ToLocal(&obstacle))
        owner->texts[0] = cv8::utf8(owner->isolate, obstacle);
    if (owner->is_terminated) owner->texts[0] = "a limit was reached while it was made ready";
    return cv8::borrow(owner->texts[0]);
}
