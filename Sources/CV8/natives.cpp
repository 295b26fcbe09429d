#include "natives.h"
#include "characters.h"
#include "digest.h"
#include "isolate.h"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <sys/random.h>

namespace cv8 {
namespace {

using Info = v8::FunctionCallbackInfo<v8::Value>;

void write(const Info &info) {
    v8::Isolate *isolate = info.GetIsolate();
    auto *owner = static_cast<cv8_isolate *>(isolate->GetData(0));
    if (!owner || !owner->print || info.Length() < 2) return;
    int level = info[0]->IsInt32() ? info[0].As<v8::Int32>()->Value() : 1;
    std::string text = utf8(isolate, info[1]);
    owner->print(owner->print_context, level, text.data(), text.size());
}

void now(const Info &info) {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    info.GetReturnValue().Set(
        static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6
    );
}

void return_pair(const Info &info, v8::Local<v8::Value> first, v8::Local<v8::Value> second) {
    v8::Local<v8::Value> elements[] = {first, second};
    info.GetReturnValue().Set(v8::Array::New(info.GetIsolate(), elements, std::size(elements)));
}

void proxy_details(const Info &info) {
    if (!info[0]->IsProxy()) return;
    auto proxy = info[0].As<v8::Proxy>();
    return_pair(info, proxy->GetTarget(), proxy->GetHandler());
}

void promise_details(const Info &info) {
    if (!info[0]->IsPromise()) return;
    auto promise = info[0].As<v8::Promise>();
    auto state = v8::Integer::New(info.GetIsolate(), promise->State());
    v8::Local<v8::Value> result = v8::Undefined(info.GetIsolate());
    if (promise->State() != v8::Promise::kPending) result = promise->Result();
    return_pair(info, state, result);
}

void preview_entries(const Info &info) {
    if (!info[0]->IsObject()) return;
    bool is_key_value = false;
    v8::Local<v8::Array> entries;
    if (!info[0].As<v8::Object>()->PreviewEntries(&is_key_value).ToLocal(&entries)) return;
    return_pair(info, entries, v8::Boolean::New(info.GetIsolate(), is_key_value));
}

void constructor_name(const Info &info) {
    if (info[0]->IsObject())
        info.GetReturnValue().Set(info[0].As<v8::Object>()->GetConstructorName());
}

// What a value is by its internal slots: nothing that a script does to it changes the answer.
const char *class_name(v8::Local<v8::Value> value) {
    struct {
        bool (v8::Value::*is)() const;
        const char *name;
    } static const classes[] = {
        {&v8::Value::IsProxy, "Proxy"},
        {&v8::Value::IsMap, "Map"},
        {&v8::Value::IsSet, "Set"},
        {&v8::Value::IsWeakMap, "WeakMap"},
        {&v8::Value::IsWeakSet, "WeakSet"},
        {&v8::Value::IsMapIterator, "MapIterator"},
        {&v8::Value::IsSetIterator, "SetIterator"},
        {&v8::Value::IsPromise, "Promise"},
        {&v8::Value::IsDate, "Date"},
        {&v8::Value::IsRegExp, "RegExp"},
        {&v8::Value::IsNativeError, "Error"},
        {&v8::Value::IsArgumentsObject, "Arguments"},
        {&v8::Value::IsGeneratorObject, "GeneratorObject"},
        {&v8::Value::IsAsyncFunction, "AsyncFunction"},
        {&v8::Value::IsGeneratorFunction, "GeneratorFunction"},
        {&v8::Value::IsArrayBuffer, "ArrayBuffer"},
        {&v8::Value::IsSharedArrayBuffer, "SharedArrayBuffer"},
        {&v8::Value::IsDataView, "DataView"},
        {&v8::Value::IsTypedArray, "TypedArray"},
        {&v8::Value::IsNumberObject, "NumberObject"},
        {&v8::Value::IsStringObject, "StringObject"},
        {&v8::Value::IsBooleanObject, "BooleanObject"},
        {&v8::Value::IsSymbolObject, "SymbolObject"},
        {&v8::Value::IsBigIntObject, "BigIntObject"},
        {&v8::Value::IsModuleNamespaceObject, "ModuleNamespace"},
        {&v8::Value::IsExternal, "External"},
        {&v8::Value::IsWasmModuleObject, "WasmModule"},
    };
    for (const auto &entry : classes) {
        if (((*value)->*entry.is)()) return entry.name;
    }
    return "";
}

void class_of(const Info &info) {
    auto name = v8::String::NewFromUtf8(info.GetIsolate(), class_name(info[0]));
    info.GetReturnValue().Set(name.ToLocalChecked());
}

void own_non_index_keys(const Info &info) {
    if (!info[0]->IsObject()) return;
    auto filter = info[1]->IsTrue() ? v8::ONLY_ENUMERABLE : v8::ALL_PROPERTIES;
    v8::Local<v8::Array> keys;
    if (info[0]
            .As<v8::Object>()
            ->GetPropertyNames(
                info.GetIsolate()->GetCurrentContext(), v8::KeyCollectionMode::kOwnOnly,
                static_cast<v8::PropertyFilter>(filter), v8::IndexFilter::kSkipIndices
            )
            .ToLocal(&keys)) {
        info.GetReturnValue().Set(keys);
    }
}

// Fills a Uint8Array: entropy of the kernel's, so that no two restored heaps have the same.
void fill_random(const Info &info) {
    if (!info[0]->IsUint8Array()) return;
    auto array = info[0].As<v8::Uint8Array>();
    size_t byte_count = array->ByteLength();
    if (byte_count == 0) return;
    auto store = array->Buffer()->GetBackingStore();
    char *bytes = static_cast<char *>(store->Data()) + array->ByteOffset();
    for (size_t filled = 0; filled < byte_count;) {
        ssize_t count = getrandom(bytes + filled, byte_count - filled, 0);
        if (count > 0)
            filled += static_cast<size_t>(count);
        else if (errno != EINTR)
            __builtin_trap();
    }
}

void detach(const Info &info) {
    if (!info[0]->IsArrayBuffer()) return;
    auto buffer = info[0].As<v8::ArrayBuffer>();
    if (buffer->IsDetachable()) buffer->Detach();
}

// Runs a script that stays out of heaps until it is needed, and returns its function.
void load(const Info &info) {
    std::string name = utf8(info.GetIsolate(), info[0]);
    for (size_t index = 0; index < base_heap_late_script_count; index++) {
        const base_heap_script &script = base_heap_late_scripts[index];
        if (name != script.name) continue;
        v8::Local<v8::Value> install;
        auto context = info.GetIsolate()->GetCurrentContext();
        if (run_base_script(context, script).ToLocal(&install)) info.GetReturnValue().Set(install);
        return;
    }
}

void make_late(v8::Local<v8::Name> name, const v8::PropertyCallbackInfo<v8::Value> &info) {
    v8::Isolate *isolate = info.GetIsolate();
    auto *owner = static_cast<cv8_isolate *>(isolate->GetData(0));
    v8::Local<v8::Value> value;
    if (owner->call_hook(isolate->GetCurrentContext(), "makeLate", {name}).ToLocal(&value))
        info.GetReturnValue().Set(value);
}

// Defines what looks like a data property, and whose value a hook gives when it is first read. V8
// keeps such a property's own data in the isolate's part of a snapshot, where a function would take
// its whole context along: hence a hook.
void define_late(const Info &info) {
    if (!info[0]->IsObject() || !info[1]->IsString()) return;
    info[0]
        .As<v8::Object>()
        ->SetLazyDataProperty(
            info.GetIsolate()->GetCurrentContext(), info[1].As<v8::Name>(), make_late, {},
            info[2]->IsTrue() ? v8::None : v8::DontEnum
        )
        .Check();
}

// The digest of a Uint8Array as a Uint8Array; undefined for an algorithm that is not known.
void digest_of(const Info &info) {
    if (!info[1]->IsUint8Array()) return;
    v8::Isolate *isolate = info.GetIsolate();
    auto array = info[1].As<v8::Uint8Array>();
    auto store = array->Buffer()->GetBackingStore();
    auto bytes = static_cast<const uint8_t *>(store->Data()) + array->ByteOffset();
    uint8_t result[digest_byte_count_max];
    size_t count = digest(utf8(isolate, info[0]), bytes, array->ByteLength(), result);
    if (count == 0) return;
    auto buffer = v8::ArrayBuffer::New(isolate, count);
    std::memcpy(buffer->GetBackingStore()->Data(), result, count);
    info.GetReturnValue().Set(v8::Uint8Array::New(buffer, 0, count));
}

// What a sequence of bytes stands for, as text; of which encoding, and the bytes as a number.
void characters_of(const Info &info) {
    v8::Isolate *isolate = info.GetIsolate();
    if (!info[1]->IsUint32()) return;
    auto units = characters(utf8(isolate, info[0]), info[1].As<v8::Uint32>()->Value());
    v8::Local<v8::String> text;
    if (v8::String::NewFromTwoByte(
            isolate, reinterpret_cast<const uint16_t *>(units.data()), v8::NewStringType::kNormal,
            static_cast<int>(units.size())
        )
            .ToLocal(&text))
        info.GetReturnValue().Set(text);
}

// Append only, and raise natives_version with every change: a snapshot holds positions in this
// table.
struct {
    const char *name;
    v8::FunctionCallback function;
} const natives[] = {
    {"write", write},
    {"now", now},
    {"proxyDetails", proxy_details},
    {"promiseDetails", promise_details},
    {"previewEntries", preview_entries},
    {"constructorName", constructor_name},
    {"classOf", class_of},
    {"ownNonIndexKeys", own_non_index_keys},
    {"fillRandom", fill_random},
    {"detach", detach},
    {"load", load},
    {"defineLate", define_late},
    {"digest", digest_of},
    {"characters", characters_of},
};

} // namespace

const intptr_t *external_references() {
    // The callback of late properties comes first: it is no function of `host`.
    static intptr_t table[std::size(natives) + 2] = {reinterpret_cast<intptr_t>(make_late)};
    for (size_t index = 0; index < std::size(natives); index++) {
        table[index + 1] = reinterpret_cast<intptr_t>(natives[index].function);
    }
    return table;
}

v8::Local<v8::Object> make_host(v8::Local<v8::Context> context) {
    v8::Isolate *isolate = v8::Isolate::GetCurrent();
    auto host = v8::Object::New(isolate, v8::Null(isolate), nullptr, nullptr, 0);
    for (const auto &native : natives) {
        auto function =
            v8::Function::New(context, native.function, {}, 0, v8::ConstructorBehavior::kThrow);
        auto name = v8::String::NewFromUtf8(isolate, native.name).ToLocalChecked();
        host->CreateDataProperty(context, name, function.ToLocalChecked()).Check();
    }
    return host;
}

} // namespace cv8
