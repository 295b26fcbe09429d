// Which snapshots may be opened beside each other.
//
// All isolates of a process share V8's read-only objects, those of the snapshot that was opened
// first. Another snapshot's isolate finds its own among them only if it has the same. They are one
// section of a snapshot, and mostly the same bytes in all that come from one base heap.
//
// V8 writes the section as the memory of its pages, where every reference is a number of 32 bits
// over the lower half of the address that was there. The upper half is left standing: it says where
// the process had the pages, and is another in each. It is cleared, as V8 does not read it.

#include "CV8.h"
#include "read_only.h"
#include "table.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <v8.h>

namespace {

// V8's header of a snapshot.
constexpr size_t version_offset = cv8::offsets::snapshot_version;
constexpr size_t version_byte_count = 64;
constexpr size_t section_offsets = version_offset + version_byte_count;

uint32_t section_start(std::string_view snapshot, size_t index) {
    uint32_t start;
    std::memcpy(&start, snapshot.data() + section_offsets + index * sizeof start, sizeof start);
    return start;
}

// The section of read-only objects, which comes first; empty if this is not the header assumed.
std::string_view read_only_section(cv8_bytes bytes) {
    std::string_view snapshot(bytes.bytes, bytes.byte_count);
    if (snapshot.size() < section_offsets + 2 * sizeof(uint32_t)) return {};
    std::string_view version = v8::V8::GetVersion();
    if (snapshot.compare(version_offset, version.size(), version) != 0) return {};
    size_t start = section_start(snapshot, 0), end = section_start(snapshot, 1);
    if (start >= end || end > snapshot.size()) return {};
    return snapshot.substr(start, end - start);
}

// Reads what V8's serialiser writes. Past the end everything is 0.
class Reader {
public:
    Reader(char *bytes, size_t byte_count) : next(bytes), left(byte_count) {}

    // As many bytes; null if there are not that many left.
    char *take(size_t byte_count) {
        if (byte_count > left) return nullptr;
        char *taken = next;
        next += byte_count;
        left -= byte_count;
        return taken;
    }

    // A number whose lowest two bits say how many bytes follow the first.
    uint32_t number() {
        if (left == 0) return 0;
        size_t byte_count = (static_cast<unsigned char>(*next) & 3) + 1;
        uint32_t word = 0;
        char *bytes = take(byte_count);
        if (bytes) std::memcpy(&word, bytes, byte_count);
        return word >> 2;
    }

private:
    char *next;
    size_t left;
};

// The serialiser's own header: a magic number and the size of what follows.
constexpr size_t section_header_byte_count = 8;
constexpr uint32_t section_magic = 0xc0de0689;
// What it says first: that there is a page, a part of one, and which words of that are references.
constexpr char page_is_allocated = 0, page_has_part = 2, part_has_references = 3;

// Clears the upper halves of a part's references; one bit in `references` stands for each word.
void clear_upper_halves(char *part, size_t byte_count, const char *references) {
    for (size_t word = 0; word < byte_count / sizeof(uint64_t); word++) {
        if (!(references[word / 8] >> word % 8 & 1)) continue;
        std::memset(part + word * sizeof(uint64_t) + sizeof(uint32_t), 0, sizeof(uint32_t));
    }
}

} // namespace

namespace cv8 {

void forget_addresses(char *bytes, size_t byte_count) {
    std::string_view section = read_only_section({bytes, byte_count});
    if (section.empty()) return;
    Reader reader(bytes + (section.data() - bytes), section.size());
    uint32_t magic = 0;
    const char *header = reader.take(section_header_byte_count);
    if (header) std::memcpy(&magic, header, sizeof magic);
    if (magic != section_magic) return;
    while (const char *kind = reader.take(1)) {
        if (*kind != page_is_allocated && *kind != page_has_part) return;
        reader.number();
        size_t count = reader.number();
        if (*kind == page_is_allocated) continue;
        // That was where it begins.
        count = reader.number();
        char *part = reader.take(count);
        const char *says_more = reader.take(1);
        const char *references = reader.take((count / sizeof(uint64_t) + 7) / 8);
        if (!part || !references || *says_more != part_has_references) return;
        clear_upper_halves(part, count, references);
    }
}

} // namespace cv8

cv8_bytes cv8_snapshot_read_only_part(cv8_bytes snapshot) {
    std::string_view objects = read_only_section(snapshot);
    return {objects.data(), objects.size()};
}
