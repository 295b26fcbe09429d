#include "heap_search.h"
#include "preview.h"

#include <algorithm>
#include <cstring>

namespace cv8 {
namespace {

// How much of one text is read.
constexpr size_t text_byte_count_max = 1 << 20;
constexpr int depth_max = 40;

std::string lowered(std::string text) {
    for (char &character : text) {
        if (character >= 'A' && character <= 'Z') character += 'a' - 'A';
    }
    return text;
}

// The first bytes of an array buffer or of a view of one.
std::string bytes_of(v8::Local<v8::Value> value) {
    std::string bytes(text_byte_count_max, '\0');
    size_t byte_count = 0;
    if (value->IsArrayBuffer()) {
        auto store = value.As<v8::ArrayBuffer>()->GetBackingStore();
        byte_count = std::min(bytes.size(), store->ByteLength());
        if (byte_count > 0) std::memcpy(bytes.data(), store->Data(), byte_count);
    } else {
        byte_count = value.As<v8::ArrayBufferView>()->CopyContents(bytes.data(), bytes.size());
    }
    bytes.resize(byte_count);
    return bytes;
}

class Digester {
public:
    Digester(Looker &looker, size_t &values_left) : looker(looker), values_left(values_left) {}

    uint64_t hash = 0xcbf29ce484222325;

    void add(v8::Local<v8::Value> value, int depth) {
        if (values_left == 0 || looker.is_over()) return mix("…");
        values_left--;
        mix(Looker::type(value));
        if (!value->IsObject()) return mix(primitive(value));
        if (size_t number = met.meet(value.As<v8::Object>()))
            return mix("@" + std::to_string(number));
        mix(looker.class_name(value));
        if (value->IsProxy() || depth >= depth_max) return;
        if (value->IsFunction()) {
            mix(looker.source(value, text_byte_count_max));
        } else if (value->IsArrayBufferView() || value->IsArrayBuffer()) {
            mix(bytes_of(value));
        } else if (value->IsDate() || value->IsRegExp() || value->IsPromise()) {
            mix(preview(looker, value));
        }
        looker.parts(value, searched_value_count_max, [&](const Part &part) {
            mix(part.name);
            if (part.kind == Part::Kind::data) add(part.value, depth + 1);
            return values_left > 0;
        });
    }

private:
    // FNV-1a.
    void mix(const std::string &text) {
        for (size_t index = 0; index <= text.size(); index++) {
            hash = (hash ^ static_cast<unsigned char>(text.c_str()[index])) * 0x100000001b3;
        }
    }

    std::string primitive(v8::Local<v8::Value> value) {
        return value->IsString() ? looker.text(value, text_byte_count_max)
                                 : preview(looker, value);
    }

    Looker &looker;
    size_t &values_left;
    MetObjects met;
};

} // namespace

size_t MetObjects::meet(v8::Local<v8::Object> object) {
    auto &alike = met[object->GetIdentityHash()];
    for (const auto &each : alike) {
        if (each.first == object) return each.second;
    }
    alike.emplace_back(object, ++count);
    return 0;
}

std::string digest(Looker &looker, v8::Local<v8::Value> value, size_t &values_left) {
    Digester digester(looker, values_left);
    digester.add(value, 0);
    char text[17];
    auto hash = static_cast<unsigned long long>(digester.hash);
    std::snprintf(text, sizeof text, "%016llx", hash);
    return text;
}

Search::Search(Looker &looker, std::string text)
    : looker(looker), wanted(lowered(std::move(text))) {}

void Search::look(const Part &part, const std::string &path, int depth, const Note &note) {
    if (looker.is_over() || count >= searched_value_count_max) complete = false;
    if (!complete) return;
    count++;
    bool is_data = part.kind == Part::Kind::data;
    if (contains(part.name) || (is_data && is_in(part.value))) complete = note(part, path);
    if (!complete || !is_data || !part.value->IsObject()) return;
    if (met.meet(part.value.As<v8::Object>())) return;
    if (depth >= depth_max) {
        complete = false;
        return;
    }
    looker.parts(part.value, searched_value_count_max, [&](const Part &inner) {
        look(inner, path + inner.path, depth + 1, note);
        return complete;
    });
}

bool Search::contains(const std::string &text) const {
    return lowered(text).find(wanted) != std::string::npos;
}

bool Search::is_in(v8::Local<v8::Value> value) {
    if (value->IsString() || value->IsSymbol())
        return contains(looker.text(value, text_byte_count_max));
    if (value->IsFunction() && !value->IsProxy())
        return contains(looker.source(value, text_byte_count_max));
    return false;
}

} // namespace cv8
