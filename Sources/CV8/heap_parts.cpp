#include "heap_parts.h"

#include <cstring>

namespace cv8 {

namespace {

// What is read of a key; longer ones are told apart by their beginnings.
constexpr size_t key_byte_count_max = 200;

} // namespace

std::string quoted(const std::string &text) {
    std::string result = "\"";
    for (char character : text) {
        auto byte = static_cast<unsigned char>(character);
        if (byte == '"' || byte == '\\') {
            result += '\\';
            result += character;
        } else if (byte == '\n') {
            result += "\\n";
        } else if (byte < 0x20) {
            char escape[7];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            result += escape;
        } else {
            result += character;
        }
    }
    return result + "\"";
}

bool is_identifier(const std::string &text) {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
    for (char character : text) {
        bool is_word = (character >= 'a' && character <= 'z')
            || (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9')
            || character == '_' || character == '$' || (character & 0x80);
        if (!is_word) return false;
    }
    return true;
}

std::string cut(const std::string &text, size_t byte_count_max) {
    if (text.size() <= byte_count_max) return text;
    size_t end = byte_count_max;
    while (end > 0 && (text[end] & 0xc0) == 0x80) end--;
    return text.substr(0, end) + "…";
}

// What one walk over an object's parts still may do.
struct Looker::Visiting {
    const Visit &visit;
    size_t left;
    size_t total = 0;
    bool goes_on = true;

    // Whether the next part is to be made at all.
    bool wants() {
        total++;
        if (!goes_on || left == 0) return false;
        left--;
        return true;
    }
    void take(const Part &part) { goes_on = visit(part); }
};

Part Looker::property(v8::Local<v8::Object> object, v8::Local<v8::Name> key) {
    Part part;
    part.name = text(key, key_byte_count_max);
    if (key->IsSymbol()) {
        part.name = "Symbol(" + part.name + ")";
        part.path = "[" + part.name + "]";
    } else {
        part.path = is_identifier(part.name) ? "." + part.name : "[" + quoted(part.name) + "]";
    }
    v8::Local<v8::Value> value;
    // True of every property that reading computes, natively or not.
    if (object->HasRealNamedCallbackProperty(context, key).FromMaybe(true)
        || !object->GetRealNamedProperty(context, key).ToLocal(&value)) {
        part.kind = Part::Kind::accessor;
    } else {
        part.value = value;
    }
    return part;
}

Part Looker::element(v8::Local<v8::Object> object, uint32_t index) {
    Part part;
    part.name = std::to_string(index);
    part.path = "[" + part.name + "]";
    part.kind = Part::Kind::accessor;
    v8::Local<v8::Value> descriptor, value;
    auto key = cv8::text(isolate, part.name.c_str());
    if (!object->GetOwnPropertyDescriptor(context, key).ToLocal(&descriptor)
        || !descriptor->IsObject())
        return part;
    auto fields = descriptor.As<v8::Object>();
    auto name = cv8::text(isolate, "value");
    if (fields->HasOwnProperty(context, name).FromMaybe(false)
        && fields->GetRealNamedProperty(context, name).ToLocal(&value)) {
        part.value = value;
        part.kind = Part::Kind::data;
    }
    return part;
}

void Looker::visit_elements(v8::Local<v8::Object> object, Visiting &visiting) {
    // The indices that are there: an array of a length of millions may have three.
    v8::Local<v8::Array> keys;
    auto filter = static_cast<v8::PropertyFilter>(v8::SKIP_SYMBOLS);
    if (!object
             ->GetPropertyNames(
                 context, v8::KeyCollectionMode::kOwnOnly, filter,
                 v8::IndexFilter::kIncludeIndices, v8::KeyConversionMode::kKeepNumbers
             )
             .ToLocal(&keys))
        return;
    for (uint32_t position = 0; position < keys->Length() && !is_over(); position++) {
        v8::Local<v8::Value> key;
        if (!keys->Get(context, position).ToLocal(&key) || !key->IsUint32()) return;
        if (visiting.wants()) visiting.take(element(object, key.As<v8::Uint32>()->Value()));
    }
}

void Looker::visit_entries(v8::Local<v8::Object> object, Visiting &visiting) {
    bool is_key_value = false;
    v8::Local<v8::Array> entries;
    bool is_collection = object->IsMap() || object->IsSet();
    if (!is_collection || !object->PreviewEntries(&is_key_value).ToLocal(&entries)) return;
    uint32_t step = is_key_value ? 2 : 1;
    for (uint32_t index = 0; index + step <= entries->Length() && !is_over(); index += step) {
        Part part;
        v8::Local<v8::Value> key;
        if (!visiting.wants() || !entries->Get(context, index).ToLocal(&key)) continue;
        part.value = key;
        std::string position = std::to_string(index / step);
        part.name = position;
        part.path = ".values().toArray()[" + position + "]";
        if (is_key_value) {
            if (!entries->Get(context, index + 1).ToLocal(&part.value)) continue;
            if (key->IsString()) {
                part.name = quoted(text(key, key_byte_count_max));
            } else if (key->IsNumber() || key->IsBoolean()) {
                part.name = utf8(isolate, key->ToString(context).ToLocalChecked());
            } else {
                part.name = position + " (" + type(key) + ")";
            }
            if (key->IsString() || key->IsNumber() || key->IsBoolean())
                part.path = ".get(" + part.name + ")";
        }
        visiting.take(part);
    }
}

void Looker::visit_properties(v8::Local<v8::Object> object, Visiting &visiting) {
    v8::Local<v8::Array> keys;
    if (!object
             ->GetPropertyNames(
                 context, v8::KeyCollectionMode::kOwnOnly, v8::ALL_PROPERTIES,
                 v8::IndexFilter::kSkipIndices, v8::KeyConversionMode::kConvertToString
             )
             .ToLocal(&keys))
        return;
    bool is_function = object->IsFunction();
    for (uint32_t index = 0; index < keys->Length() && !is_over(); index++) {
        v8::Local<v8::Value> key;
        if (!keys->Get(context, index).ToLocal(&key) || !key->IsName()) continue;
        auto name = key.As<v8::Name>();
        // What every array and every function has.
        bool is_callback = object->HasRealNamedCallbackProperty(context, name).FromMaybe(true);
        if (is_callback && (is_function || object->IsArray())) continue;
        if (is_function && key->IsString()) {
            std::string text = utf8(isolate, key);
            if (text == "length" || text == "name" || text == "prototype") continue;
        }
        if (visiting.wants()) visiting.take(property(object, name));
    }
}

size_t Looker::parts(v8::Local<v8::Value> value, size_t count_max, const Visit &visit) {
    if (!value->IsObject() || value->IsProxy()) return 0;
    auto object = value.As<v8::Object>();
    Visiting visiting{visit, count_max};
    // Bytes and characters are no parts.
    bool has_elements = !value->IsTypedArray() && !value->IsStringObject();
    if (has_elements) visit_elements(object, visiting);
    visit_entries(object, visiting);
    visit_properties(object, visiting);
    return visiting.total;
}

const char *Looker::type(v8::Local<v8::Value> value) {
    if (value->IsUndefined()) return "undefined";
    if (value->IsNull()) return "null";
    if (value->IsBoolean()) return "boolean";
    if (value->IsNumber()) return "number";
    if (value->IsBigInt()) return "bigint";
    if (value->IsString()) return "string";
    if (value->IsSymbol()) return "symbol";
    return value->IsFunction() ? "function" : "object";
}

std::string Looker::class_name(v8::Local<v8::Value> value) {
    if (!value->IsObject()) return {};
    if (value->IsProxy()) return "Proxy";
    return cut(utf8(isolate, value.As<v8::Object>()->GetConstructorName()), key_byte_count_max);
}

std::string Looker::text(v8::Local<v8::Value> value, size_t byte_count_max) {
    if (value.IsEmpty()) return {};
    if (value->IsSymbol()) value = value.As<v8::Symbol>()->Description(isolate);
    if (!value->IsString()) return {};
    std::string result(byte_count_max, '\0');
    size_t count = value.As<v8::String>()->WriteUtf8V2(
        isolate, result.data(), result.size(), v8::String::WriteFlags::kReplaceInvalidUtf8
    );
    result.resize(count);
    return result;
}

std::string Looker::source(v8::Local<v8::Value> value, size_t byte_count_max) {
    v8::Local<v8::String> source;
    if (!value->IsFunction()
        || !value.As<v8::Function>()->FunctionProtoToString(context).ToLocal(&source))
        return {};
    return text(source, byte_count_max);
}

bool Looker::is_class(v8::Local<v8::Value> value) {
    std::string start = source(value, 6);
    return start.rfind("class", 0) == 0
        && (start.size() == 5 || std::strchr(" {\n\t/", start[5]) != nullptr);
}

} // namespace cv8
