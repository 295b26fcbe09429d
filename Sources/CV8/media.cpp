// What a value shows as where clients can show more than text.

#include "media.h"

#include <cstring>

namespace cv8 {
namespace {

struct Magic {
    const char *type;
    const char *bytes;
    size_t byte_count;
    // What has to follow at an offset of 8; NULL for nothing.
    const char *at_eight;
};

// The longest type that a file may claim.
constexpr size_t claim_byte_count_max = 127;

// Formats by what their files begin with.
const Magic magics[] = {
    {"image/png", "\x89PNG\r\n\x1a\n", 8, nullptr},
    {"image/jpeg", "\xff\xd8\xff", 3, nullptr},
    {"image/gif", "GIF87a", 6, nullptr},
    {"image/gif", "GIF89a", 6, nullptr},
    {"image/webp", "RIFF", 4, "WEBP"},
    {"audio/wav", "RIFF", 4, "WAVE"},
    {"audio/mpeg", "ID3", 3, nullptr},
    {"audio/mpeg", "\xff\xfb", 2, nullptr},
    {"audio/mpeg", "\xff\xf3", 2, nullptr},
    {"audio/ogg", "OggS", 4, nullptr},
    {"audio/flac", "fLaC", 4, nullptr},
    {"application/pdf", "%PDF-", 5, nullptr},
};

bool begins(const std::string &bytes, const Magic &magic) {
    if (bytes.size() < 12 || bytes.compare(0, magic.byte_count, magic.bytes, magic.byte_count) != 0)
        return false;
    return !magic.at_eight || bytes.compare(8, 4, magic.at_eight) == 0;
}

} // namespace

std::string media_type(const std::string &bytes, const std::string &claimed) {
    for (const auto &magic : magics) {
        if (begins(bytes, magic)) return magic.type;
    }
    if (bytes.empty() || claimed.size() > claim_byte_count_max) return "";
    // A client would choke on an image that is none.
    for (const auto &magic : magics) {
        if (claimed == magic.type) return "";
    }
    return claimed;
}

std::string media_bytes(v8::Local<v8::Value> value, size_t byte_count_max) {
    std::string bytes;
    if (value->IsUint8Array() || value->IsUint8ClampedArray()) {
        auto array = value.As<v8::ArrayBufferView>();
        if (array->ByteLength() > byte_count_max) return {};
        bytes.resize(array->ByteLength());
        array->CopyContents(bytes.data(), bytes.size());
    } else if (value->IsArrayBuffer()) {
        auto store = value.As<v8::ArrayBuffer>()->GetBackingStore();
        if (store->ByteLength() > byte_count_max) return {};
        bytes.assign(static_cast<const char *>(store->Data()), store->ByteLength());
    }
    return bytes;
}

} // namespace cv8
