// Which snapshots may be opened beside each other.
//
// All isolates of a process share V8's read-only objects, those of the snapshot that was opened
// first. Another snapshot's isolate finds its own among them only if it has the same. They are one
// section of a snapshot, and mostly the same bytes in all that come from one base heap.

#include "CV8.h"
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

} // namespace

cv8_bytes cv8_snapshot_read_only_part(cv8_bytes snapshot) {
    std::string_view objects = read_only_section(snapshot);
    return {objects.data(), objects.size()};
}
