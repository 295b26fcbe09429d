// What encodings of several bytes mean: ICU's tables, which come with V8.

#include "characters.h"
#include "Internals/icu.h"

#include <map>

namespace cv8 {
namespace {

struct Table {
    const char *name;
    // Whether characters for private use are in the standard's table too, and not only in ICU's.
    bool has_private_use;
};

// ICU's tables that are nearest to those of the Encoding Standard.
const std::map<std::string, Table> tables = {
    {"big5", {"Big5-HKSCS", false}},      {"euc-jp", {"EUC-JP", false}},
    {"euc-kr", {"windows-949-2000", false}}, {"gb18030", {"gb18030", true}},
    {"shift_jis", {"ibm-943_P15A-2003", true}},
};

// Each is opened once in a process; a worker has one thread.
void *converter(const char *name) {
    static std::map<std::string, void *> converters;
    auto known = converters.find(name);
    if (known != converters.end()) return known->second;
    int error = 0;
    void *opened = icu::open(name, &error);
    return converters[name] = error > 0 ? nullptr : opened;
}

} // namespace

std::u16string characters(const std::string &encoding, uint32_t sequence) {
    auto table = tables.find(encoding);
    void *opened = table == tables.end() ? nullptr : converter(table->second.name);
    if (!opened) return {};
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (!bytes.empty() || sequence >> shift) bytes += static_cast<char>(sequence >> shift);
    }
    char16_t units[8];
    int error = 0;
    int32_t count =
        icu::convert(opened, units, 8, bytes.data(), static_cast<int32_t>(bytes.size()), &error);
    if (error > 0 || count <= 0 || count > 8) return {};
    // How ICU says that there is nothing.
    if (units[0] == 0xFFFD || units[0] == 0x1A) return {};
    bool is_private = units[0] >= 0xE000 && units[0] <= 0xF8FF;
    if (is_private && !table->second.has_private_use) return {};
    return {units, static_cast<size_t>(count)};
}

} // namespace cv8
