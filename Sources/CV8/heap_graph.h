#pragma once
#include "heap_parts.h"

#include <unordered_map>
#include <v8-profiler.h>
#include <vector>

namespace cv8 {

// What an object takes in memory.
struct Size {
    // Itself with the storage of its elements and properties.
    uint64_t own = 0;
    // With all that is reached from it and is not part of the library.
    uint64_t reachable = 0;
};

// All objects of an isolate and what refers to what, as V8's heap profiler sees them. It runs no
// code of a script's.
class HeapGraph {
public:
    using Values = std::vector<v8::Local<v8::Value>>;

    // Fails where the heap is too large for it, or its time is over.
    //
    // `variables` are what is measured, and cut off from the library, which is all else that is
    // alive; `library` is what belongs to it although variables may hold it too.
    bool take(Looker &looker, const Values &variables, const Values &library, double seconds);

    // The sizes of a variable; nothing for what is no object of its own. Fails where all measuring
    // together has gone too far.
    bool measure(v8::Local<v8::Value> variable, Size &size);

private:
    struct Node {
        uint32_t first_edge;
        uint32_t byte_count;
        uint32_t storage_byte_count;
    };

    void read(const v8::HeapSnapshot *snapshot);
    void find_library(const Values &variables, const Values &library);
    // The node of a value that has one of its own.
    bool find(v8::Local<v8::Value> value, uint32_t &node);
    template <typename Visit> bool walk(uint32_t start, const Visit &visit);

    v8::HeapProfiler *profiler = nullptr;
    std::unordered_map<v8::SnapshotObjectId, uint32_t> indices;
    std::vector<Node> nodes;
    std::vector<uint32_t> targets;
    std::vector<bool> in_library;
    // The number of the walk that saw a node last.
    std::vector<uint32_t> seen;
    uint32_t walk_count = 0;
    uint64_t visits_left = 0;
    std::vector<uint32_t> pending;
};

} // namespace cv8
