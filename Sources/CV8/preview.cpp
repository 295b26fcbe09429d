#include "preview.h"

#include <cmath>
#include <ctime>

namespace cv8 {
namespace {

constexpr size_t byte_count_max = 160;
constexpr size_t string_byte_count_max = 80;
constexpr size_t part_count_max = 8;
constexpr uint32_t byte_preview_count_max = 8;
constexpr int depth_max = 2;

std::string at(Looker &looker, v8::Local<v8::Value> value, int depth);

std::string string_preview(Looker &looker, v8::Local<v8::Value> value) {
    auto length = static_cast<size_t>(value.As<v8::String>()->Length());
    std::string start = looker.text(value, string_byte_count_max);
    std::string result = quoted(start);
    // Of one byte a character at least, so what is shorter than the start is all there.
    if (length > start.size()) result += "… (" + std::to_string(length) + " characters)";
    return result;
}

std::string number_preview(Looker &looker, v8::Local<v8::Value> value) {
    if (value->IsNumber() && std::signbit(value.As<v8::Number>()->Value())
        && value.As<v8::Number>()->Value() == 0)
        return "-0";
    v8::Local<v8::String> digits;
    // Of a primitive: nobody's toString is called.
    if (!value->ToString(looker.context).ToLocal(&digits)) return "";
    std::string text = looker.text(digits, string_byte_count_max);
    if (static_cast<size_t>(digits->Length()) > text.size()) text += "…";
    return value->IsBigInt() ? text + "n" : text;
}

std::string function_preview(Looker &looker, v8::Local<v8::Value> value) {
    auto name = looker.text(value.As<v8::Function>()->GetDebugName(), string_byte_count_max);
    if (looker.is_class(value)) return "class " + (name.empty() ? "(anonymous)" : name);
    std::string head = looker.source(value, byte_count_max);
    if (head.size() <= string_byte_count_max && head.find('\n') == std::string::npos) return head;
    // Up to the body, as far as that can be told without a parser.
    size_t end = head.find("=>");
    size_t brace = head.find('{');
    if (end != std::string::npos && (brace == std::string::npos || end < brace)) {
        end += 2;
    } else {
        end = brace;
    }
    head = cut(head.substr(0, end), string_byte_count_max);
    while (!head.empty() && (head.back() == ' ' || head.back() == '\n')) head.pop_back();
    for (char &character : head) {
        if (character == '\n' || character == '\t') character = ' ';
    }
    return head.empty() ? "function " + name : head;
}

std::string date_preview(v8::Local<v8::Value> value) {
    double milliseconds = value.As<v8::Date>()->ValueOf();
    if (std::isnan(milliseconds)) return "Invalid Date";
    auto seconds = static_cast<time_t>(std::floor(milliseconds / 1000));
    tm parts{};
    if (!gmtime_r(&seconds, &parts)) return "Date";
    char text[64];
    size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(
        text + length, sizeof text - length, ".%03dZ",
        static_cast<int>(milliseconds - static_cast<double>(seconds) * 1000)
    );
    return text;
}

std::string bytes_preview(v8::Local<v8::TypedArray> array, const std::string &name) {
    std::string result = name + "(" + std::to_string(array->Length()) + ")";
    if (!array->IsUint8Array() && !array->IsUint8ClampedArray()) return result;
    uint8_t bytes[byte_preview_count_max];
    size_t count = array->CopyContents(bytes, sizeof bytes);
    result += " [";
    for (size_t index = 0; index < count; index++) {
        result += (index ? ", " : " ") + std::to_string(bytes[index]);
    }
    return result + (array->Length() > count ? ", … ]" : " ]");
}

std::string error_preview(
    Looker &looker, v8::Local<v8::Object> object, const std::string &name
) {
    Part message = looker.property(object, text(looker.isolate, "message"));
    if (message.kind != Part::Kind::data || !message.value->IsString()) return name;
    return name + ": " + looker.text(message.value, string_byte_count_max);
}

const char *promise_state(v8::Local<v8::Value> value) {
    switch (value.As<v8::Promise>()->State()) {
    case v8::Promise::kPending: return "Promise { <pending> }";
    case v8::Promise::kRejected: return "Promise { <rejected> }";
    case v8::Promise::kFulfilled: return "Promise { <fulfilled> }";
    }
    return "Promise";
}

std::string regexp_preview(Looker &looker, v8::Local<v8::Value> value) {
    static const struct {
        v8::RegExp::Flags flag;
        char letter;
    } letters[] = {
        {v8::RegExp::kHasIndices, 'd'}, {v8::RegExp::kGlobal, 'g'},
        {v8::RegExp::kIgnoreCase, 'i'}, {v8::RegExp::kMultiline, 'm'},
        {v8::RegExp::kDotAll, 's'},     {v8::RegExp::kUnicode, 'u'},
        {v8::RegExp::kSticky, 'y'},
    };
    auto expression = value.As<v8::RegExp>();
    std::string result = "/" + looker.text(expression->GetSource(), string_byte_count_max) + "/";
    for (const auto &each : letters) {
        if (expression->GetFlags() & each.flag) result += each.letter;
    }
    return result;
}

// The head of an object that holds parts: its class where it is not the usual one, and its size.
std::string head(v8::Local<v8::Object> object, const std::string &name) {
    if (object->IsArray()) {
        std::string size = "(" + std::to_string(object.As<v8::Array>()->Length()) + ") ";
        return name == "Array" ? "" : name + size;
    }
    if (object->IsMap()) return name + "(" + std::to_string(object.As<v8::Map>()->Size()) + ") ";
    if (object->IsSet()) return name + "(" + std::to_string(object.As<v8::Set>()->Size()) + ") ";
    return name == "Object" ? "" : name + " ";
}

std::string parts_preview(Looker &looker, v8::Local<v8::Object> object, int depth) {
    std::string name = looker.class_name(object);
    bool is_list = object->IsArray() || object->IsSet();
    std::string result = head(object, name) + (object->IsArray() ? "[" : "{");
    if (depth <= 0) return result + (object->IsArray() ? " … ]" : " … }");
    size_t shown = 0;
    size_t total = looker.parts(object, part_count_max, [&](const Part &part) {
        if (result.size() > byte_count_max) return false;
        result += shown++ ? ", " : " ";
        bool is_element = is_list && !part.name.empty() && part.name[0] >= '0'
            && part.name[0] <= '9';
        if (!is_element) result += part.name + (object->IsMap() ? " => " : ": ");
        result += part.kind == Part::Kind::data ? at(looker, part.value, depth - 1)
                                                : preview(looker, part);
        return true;
    });
    if (object->IsArray()) total = std::max<size_t>(total, object.As<v8::Array>()->Length());
    if (total > shown) {
        result += (shown ? ", … " : " … ") + std::to_string(total - shown) + " more";
    }
    if (total > 0) result += " ";
    return result + (object->IsArray() ? "]" : "}");
}

std::string object_preview(Looker &looker, v8::Local<v8::Object> object, int depth) {
    std::string name = looker.class_name(object);
    if (object->IsProxy()) return "Proxy";
    if (object->IsFunction()) return function_preview(looker, object);
    if (object->IsDate()) return date_preview(object);
    if (object->IsRegExp()) return regexp_preview(looker, object);
    if (object->IsNativeError()) return error_preview(looker, object, name);
    if (object->IsPromise()) return promise_state(object);
    if (object->IsTypedArray()) return bytes_preview(object.As<v8::TypedArray>(), name);
    if (object->IsArrayBuffer())
        return name + "(" + std::to_string(object.As<v8::ArrayBuffer>()->ByteLength()) + ")";
    if (object->IsStringObject())
        return "[" + name + ": "
            + at(looker, object.As<v8::StringObject>()->ValueOf(), 0) + "]";
    if (object->IsNumberObject())
        return "[" + name + ": "
            + std::to_string(object.As<v8::NumberObject>()->ValueOf()) + "]";
    if (object->IsWeakMap() || object->IsWeakSet()) return name + " { … }";
    return parts_preview(looker, object, depth);
}

std::string at(Looker &looker, v8::Local<v8::Value> value, int depth) {
    if (value->IsString()) return string_preview(looker, value);
    if (value->IsNumber() || value->IsBigInt()) return number_preview(looker, value);
    if (value->IsSymbol())
        return "Symbol(" + looker.text(value, string_byte_count_max) + ")";
    if (value->IsObject()) return object_preview(looker, value.As<v8::Object>(), depth);
    if (value->IsBoolean()) return value->IsTrue() ? "true" : "false";
    return Looker::type(value);
}

} // namespace

std::string preview(Looker &looker, v8::Local<v8::Value> value) {
    return cut(at(looker, value, depth_max), byte_count_max * 2);
}

std::string preview(Looker &looker, const Part &part) {
    switch (part.kind) {
    case Part::Kind::data: return preview(looker, part.value);
    case Part::Kind::accessor: return "(computed when read)";
    case Part::Kind::uninitialized: return "(not initialized)";
    }
    return "";
}

} // namespace cv8
