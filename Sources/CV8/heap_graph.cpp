#include "heap_graph.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace {

// A worker may have four times the memory of its heap, and the profiler takes some 200 bytes for an
// object of 32; the graph that is made for sizes comes on top.
constexpr size_t measured_byte_count_max = 64u << 20;
constexpr size_t profiled_byte_count_max = 96u << 20;
constexpr uint64_t visit_count_max = 40'000'000;

// Ends the profiler's work when its time is over.
class Patience final : public v8::ActivityControl {
public:
    Patience(cv8_isolate *owner, double seconds)
        : owner(owner),
          end(std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds)) {}

    ControlOption ReportProgressValue(uint32_t, uint32_t) override {
        bool is_over = owner->is_terminated || std::chrono::steady_clock::now() >= end;
        return is_over ? kAbort : kContinue;
    }

private:
    cv8_isolate *owner;
    std::chrono::time_point<std::chrono::steady_clock, std::chrono::duration<double>> end;
};

// Hands a serialised profile on, piece by piece.
class Output final : public v8::OutputStream {
public:
    Output(cv8_write write, void *context) : write(write), context(context) {}

    bool is_refused = false;

    int GetChunkSize() override { return 1 << 20; }
    void EndOfStream() override {}
    WriteResult WriteAsciiChunk(char *bytes, int byte_count) override {
        is_refused = !write(context, bytes, static_cast<size_t>(byte_count));
        return is_refused ? kAbort : kContinue;
    }

private:
    cv8_write write;
    void *context;
};

bool is_larger(v8::Isolate *isolate, size_t byte_count_max) {
    v8::HeapStatistics statistics;
    isolate->GetHeapStatistics(&statistics);
    return statistics.used_heap_size() > byte_count_max;
}

// Whether an edge leads to storage that belongs to its object alone.
bool leads_to_storage(v8::Isolate *isolate, const v8::HeapGraphEdge *edge) {
    if (edge->GetType() != v8::HeapGraphEdge::kInternal) return false;
    auto name = cv8::utf8(isolate, edge->GetName());
    for (const char *storage : {"elements", "properties", "table", "backing_store"}) {
        if (name == storage) return true;
    }
    return false;
}

} // namespace

namespace cv8 {

bool HeapGraph::take(
    Looker &looker, const Values &variables, const Values &library, double seconds
) {
    if (is_larger(looker.isolate, measured_byte_count_max)) return false;
    profiler = looker.isolate->GetHeapProfiler();
    Patience patience(looker.owner, seconds);
    const v8::HeapSnapshot *snapshot = profiler->TakeHeapSnapshot(&patience);
    if (!snapshot) return false;
    read(snapshot);
    const_cast<v8::HeapSnapshot *>(snapshot)->Delete();
    find_library(variables, library);
    visits_left = visit_count_max;
    return true;
}

void HeapGraph::read(const v8::HeapSnapshot *snapshot) {
    v8::Isolate *isolate = v8::Isolate::GetCurrent();
    auto count = static_cast<uint32_t>(snapshot->GetNodesCount());
    indices.reserve(count);
    nodes.reserve(count + 1);
    for (uint32_t index = 0; index < count; index++) {
        indices[snapshot->GetNode(static_cast<int>(index))->GetId()] = index;
    }
    for (uint32_t index = 0; index < count; index++) {
        v8::HandleScope handles(isolate);
        const v8::HeapGraphNode *node = snapshot->GetNode(static_cast<int>(index));
        size_t storage_byte_count = 0;
        auto first_edge = static_cast<uint32_t>(targets.size());
        for (int child = 0; child < node->GetChildrenCount(); child++) {
            const v8::HeapGraphEdge *edge = node->GetChild(child);
            if (edge->GetType() == v8::HeapGraphEdge::kWeak) continue;
            const v8::HeapGraphNode *target = edge->GetToNode();
            if (leads_to_storage(isolate, edge)) storage_byte_count += target->GetShallowSize();
            targets.push_back(indices[target->GetId()]);
        }
        // A process has less memory than 32 bits count.
        nodes.push_back(
            {first_edge, static_cast<uint32_t>(node->GetShallowSize()),
             static_cast<uint32_t>(storage_byte_count)}
        );
    }
    nodes.push_back({static_cast<uint32_t>(targets.size()), 0, 0});
    in_library.assign(count, false);
    seen.assign(count, 0);
}

// Visits what is reached from a node and is neither seen in this walk nor in the library.
template <typename Visit> bool HeapGraph::walk(uint32_t start, const Visit &visit) {
    walk_count++;
    pending.assign(1, start);
    seen[start] = walk_count;
    while (!pending.empty()) {
        uint32_t node = pending.back();
        pending.pop_back();
        visit(node);
        for (uint32_t edge = nodes[node].first_edge; edge < nodes[node + 1].first_edge; edge++) {
            uint32_t target = targets[edge];
            if (seen[target] == walk_count || in_library[target]) continue;
            if (visits_left-- == 0) {
                visits_left = 0;
                return false;
            }
            seen[target] = walk_count;
            pending.push_back(target);
        }
    }
    return true;
}

bool HeapGraph::find(v8::Local<v8::Value> value, uint32_t &node) {
    if (!value->IsObject() && !value->IsString() && !value->IsBigInt() && !value->IsSymbol())
        return false;
    auto found = indices.find(profiler->GetObjectId(value));
    if (found == indices.end()) return false;
    node = found->second;
    return true;
}

void HeapGraph::find_library(const Values &variables, const Values &library) {
    if (nodes.size() < 2) return;
    // As if the walk had been there.
    uint32_t node;
    for (const auto &variable : variables) {
        if (find(variable, node)) seen[node] = walk_count + 1;
    }
    for (const auto &value : library) {
        if (find(value, node)) seen[node] = 0;
    }
    visits_left = UINT64_MAX;
    std::vector<uint32_t> found;
    walk(0, [&](uint32_t each) { found.push_back(each); });
    for (uint32_t each : found) in_library[each] = true;
}

bool HeapGraph::measure(v8::Local<v8::Value> variable, Size &size) {
    uint32_t node;
    size = {};
    if (!find(variable, node)) return true;
    size.own = nodes[node].byte_count + nodes[node].storage_byte_count;
    bool is_whole = walk(node, [&](uint32_t each) { size.reachable += nodes[each].byte_count; });
    // Storage that a literal shares with its copies counts as the library's.
    size.reachable = std::max(size.reachable, size.own);
    return is_whole;
}

} // namespace cv8

cv8_profile_outcome
cv8_isolate_write_profile(cv8_isolate *owner, double seconds, cv8_write write, void *context) {
    cv8::Entered entered(owner);
    if (is_larger(owner->isolate, profiled_byte_count_max)) return cv8_profile_too_large;
    Patience patience(owner, seconds);
    v8::HeapProfiler *profiler = owner->isolate->GetHeapProfiler();
    const v8::HeapSnapshot *snapshot = profiler->TakeHeapSnapshot(&patience);
    if (!snapshot) return cv8_profile_out_of_time;
    Output output(write, context);
    snapshot->Serialize(&output, v8::HeapSnapshot::kJSON);
    const_cast<v8::HeapSnapshot *>(snapshot)->Delete();
    return output.is_refused ? cv8_profile_refused : cv8_profile_written;
}
