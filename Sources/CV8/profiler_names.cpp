// Names of elements for V8's heap profiler.
//
// V8 10.2 keeps every name of an edge once, in a table whose hash of a decimal number hardly
// differs from that of the next: a profile of an array of 600,000 elements takes minutes, and does
// not stop when it is told to. So this replaces StringsStorage::GetName for numbers (exported by
// libnode and called through its symbol table) with one that looks nothing up. Nothing breaks where
// a V8 does not call it.

#include <deque>
#include <string>

namespace v8::internal {

class StringsStorage {
public:
    __attribute__((visibility("default"))) const char *GetName(int index);
};

const char *StringsStorage::GetName(int index) {
    // The names must outlive every profile. A deque does not move what it holds. A worker makes
    // profiles on one thread.
    static std::deque<std::string> names;
    static std::deque<std::string> others;
    if (index < 0) return others.emplace_back(std::to_string(index)).c_str();
    while (names.size() <= static_cast<size_t>(index)) {
        names.push_back(std::to_string(names.size()));
    }
    return names[static_cast<size_t>(index)].c_str();
}

} // namespace v8::internal
