#include "variables.h"
#include "Internals/debug.h"
#include "Internals/lexical.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

namespace cv8 {
namespace {

using Value = v8::Local<v8::Value>;

// Variables beyond so many are counted only.
constexpr size_t variable_count_max = 20'000;
constexpr size_t name_byte_count_max = 200;
// What the names of the library's scripts begin with.
constexpr char library_prefix[] = "mcp-v8:";

// Whether a value is a function of the base heap's scripts.
bool is_library_function(Looker &looker, const Part &part) {
    if (part.kind != Part::Kind::data || !part.value->IsFunction() || part.value->IsProxy())
        return false;
    auto origin = part.value.As<v8::Function>()->GetScriptOrigin().ResourceName();
    return looker.text(origin, sizeof library_prefix - 1) == library_prefix;
}

// How a value looks from outside: enough to tell a global of the library from what replaced it.
std::string shape(Looker &looker, const Part &part) {
    if (part.kind != Part::Kind::data) return "accessor";
    std::string result = Looker::type(part.value);
    if (part.value->IsObject()) result += "/" + looker.class_name(part.value);
    if (part.value->IsFunction() && !part.value->IsProxy()) {
        auto origin = part.value.As<v8::Function>()->GetScriptOrigin().ResourceName();
        std::string script = looker.text(origin, sizeof library_prefix - 1);
        if (!script.empty() && script != library_prefix) result += "/script";
    }
    return result;
}

template <typename Visit> void for_each_global(Looker &looker, const Visit &visit) {
    auto global = looker.context->Global();
    v8::Local<v8::Array> keys;
    if (!global
             ->GetPropertyNames(
                 looker.context, v8::KeyCollectionMode::kOwnOnly, v8::SKIP_SYMBOLS,
                 v8::IndexFilter::kSkipIndices, v8::KeyConversionMode::kConvertToString
             )
             .ToLocal(&keys))
        return;
    for (uint32_t index = 0; index < keys->Length() && !looker.is_over(); index++) {
        Value key;
        if (keys->Get(looker.context, index).ToLocal(&key) && key->IsName())
            visit(global, key.As<v8::Name>());
    }
}

std::vector<v8::Global<v8::String>> lexical_names(Looker &looker) {
    std::vector<v8::Global<v8::String>> names;
    v8::debug::GlobalLexicalScopeNames(looker.context, &names);
    return names;
}

// V8's scopes do not tell `class A {}` from `let A = class A {}`.
bool is_class_of_name(Looker &looker, const Part &part) {
    return part.kind == Part::Kind::data && part.value->IsFunction() && !part.value->IsProxy()
        && looker.is_class(part.value)
        && looker.text(part.value.As<v8::Function>()->GetName(), name_byte_count_max) == part.name;
}

const char *global_kind(Looker &looker, const Part &part, bool is_declared) {
    if (part.kind != Part::Kind::data) return "accessor";
    if (!is_declared) return "global";
    return part.value->IsFunction() && !part.value->IsProxy() ? "function" : "var";
}

} // namespace

Variables::Variables(Looker &looker, const std::string &base_globals) {
    find_lexical(looker);
    find_globals(looker, base_globals);
    find_last(looker);
}

std::string Variables::list_globals(Looker &looker) {
    std::string list;
    for_each_global(looker, [&](v8::Local<v8::Object> global, v8::Local<v8::Name> key) {
        Part part = looker.property(global, key);
        list += part.name + " " + shape(looker, part) + "\n";
    });
    return list;
}

void Variables::add(Part part, const char *kind) {
    total++;
    if (all.size() < variable_count_max) all.push_back({std::move(part), kind});
}

void Variables::find_lexical(Looker &looker) {
    std::set<std::string> listed;
    for (const auto &global : lexical_names(looker)) {
        if (looker.is_over()) break;
        auto name = global.Get(looker.isolate);
        Part part;
        part.name = part.path = utf8(looker.isolate, name);
        if (!listed.insert(part.name).second) continue;
        // The name alone is the code: reading a variable runs none of a script's.
        v8::TryCatch scope(looker.isolate);
        auto mode = v8::debug::EvaluateGlobalMode::kDisableBreaks;
        if (!v8::debug::EvaluateGlobal(looker.isolate, name, mode, false).ToLocal(&part.value))
            part.kind = Part::Kind::uninitialized;
        const char *kind = is_constant(looker.context, name) ? "const" : "let";
        if (std::strcmp(kind, "let") == 0 && is_class_of_name(looker, part)) kind = "class";
        add(std::move(part), kind);
    }
}

void Variables::find_globals(Looker &looker, const std::string &base_globals) {
    std::map<std::string, std::string> base;
    for (size_t start = 0; start < base_globals.size();) {
        size_t end = std::min(base_globals.find('\n', start), base_globals.size());
        std::string line = base_globals.substr(start, end - start);
        size_t blank = std::min(line.find(' '), line.size() - 1);
        base[line.substr(0, blank)] = line.substr(blank + 1);
        start = end + 1;
    }
    for_each_global(looker, [&](v8::Local<v8::Object> global, v8::Local<v8::Name> key) {
        Part part = looker.property(global, key);
        part.path = part.name;
        auto known = base.find(part.name);
        // A global that is loaded at its first use is data from then on.
        bool is_library = known != base.end()
            && (known->second == shape(looker, part) || is_library_function(looker, part));
        if (is_library) {
            if (part.kind == Part::Kind::data) library.push_back(part.value);
            return;
        }
        auto attributes = global->GetPropertyAttributes(looker.context, key).FromMaybe(v8::None);
        add(part, global_kind(looker, part, attributes & v8::DontDelete));
    });
}

// `_` and `_error` are accessors of the library, and their values lie beside its hooks.
void Variables::find_last(Looker &looker) {
    auto hooks = looker.owner->hooks.Get(looker.isolate);
    Part last = looker.property(hooks, cv8::text(looker.isolate, "last"));
    if (last.kind != Part::Kind::data || !last.value->IsObject()) return;
    for (const char *name : {"_", "_error"}) {
        auto key = cv8::text(looker.isolate, name);
        Part part = looker.property(last.value.As<v8::Object>(), key);
        if (part.kind != Part::Kind::data || part.value->IsUndefined()) continue;
        part.path = part.name;
        add(part, "last");
    }
}

} // namespace cv8
