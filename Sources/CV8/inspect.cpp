// What scripts left behind in a heap, as JSON. Nothing here runs any code of theirs.

#include "heap_graph.h"
#include "heap_search.h"
#include "preview.h"
#include "variables.h"

#include <algorithm>

namespace {

using cv8::Looker;
using cv8::Part;

// How many parts of one value are listed.
constexpr size_t part_count_max = 50;
constexpr size_t path_byte_count_max = 1000;
// What is kept of the answer's bytes for what stands around the list.
constexpr size_t frame_byte_count = 512;

std::string field(const char *name, const std::string &text) {
    return "\"" + std::string(name) + "\":" + cv8::quoted(text);
}

std::string field(const char *name, uint64_t number) {
    return "\"" + std::string(name) + "\":" + std::to_string(number);
}

// Everything about a value in one JSON object, without its end.
std::string describe(Looker &looker, const Part &part) {
    if (part.kind != Part::Kind::data) {
        const char *type = part.kind == Part::Kind::accessor ? "accessor" : "uninitialized";
        return "," + field("type", type) + "," + field("preview", cv8::preview(looker, part));
    }
    std::string result = "," + field("type", Looker::type(part.value));
    std::string class_name = looker.class_name(part.value);
    if (!class_name.empty()) result += "," + field("class", class_name);
    return result + "," + field("preview", cv8::preview(looker, part));
}

// What a value holds, down to a depth; what does not fit is counted.
std::string
children(Looker &looker, v8::Local<v8::Value> value, uint32_t depth, size_t byte_count_max) {
    if (depth == 0 || !value->IsObject()) return {};
    std::string list;
    size_t listed = 0;
    size_t total = looker.parts(value, part_count_max, [&](const Part &part) {
        std::string entry = "{" + field("name", part.name) + describe(looker, part);
        if (part.kind == Part::Kind::data) {
            size_t left = byte_count_max - std::min(byte_count_max, list.size() + entry.size());
            entry += children(looker, part.value, depth - 1, left / 2);
        }
        entry += "}";
        if (list.size() + entry.size() > byte_count_max) return false;
        list += (list.empty() ? "" : ",") + entry;
        listed++;
        return true;
    });
    std::string result;
    if (!list.empty()) result += ",\"children\":[" + list + "]";
    if (total > listed) result += "," + field("omitted", total - listed);
    return result;
}

// A list of JSON objects that stays within its limits.
class List {
public:
    List(size_t count_max, size_t byte_count_max)
        : count_left(count_max), bytes_left(byte_count_max) {}

    // Whether there was room.
    bool add(const std::string &entry) {
        if (count_left == 0 || entry.size() + 1 > bytes_left) return false;
        count_left--;
        bytes_left -= entry.size() + 1;
        text += (text.empty() ? "" : ",") + entry;
        count++;
        return true;
    }

    size_t room() const { return bytes_left; }

    std::string text;
    size_t count = 0;

private:
    size_t count_left;
    size_t bytes_left;
};

// The sizes of one variable as fields; empty where there are none.
std::string size_fields(cv8::HeapGraph &graph, bool &is_measured, const Part &part) {
    cv8::Size size;
    if (!is_measured || part.kind != Part::Kind::data) return {};
    is_measured = graph.measure(part.value, size);
    if (!is_measured) return {};
    return "," + field("own_bytes", size.own) + "," + field("reachable_bytes", size.reachable);
}

std::string list_variables(Looker &looker, const cv8_inspection &inspection, List &list) {
    cv8::Variables variables(
        looker, {inspection.base_globals.bytes, inspection.base_globals.byte_count}
    );
    cv8::HeapGraph graph;
    bool is_measured = inspection.profiler_seconds > 0;
    if (is_measured) {
        cv8::HeapGraph::Values values;
        for (const auto &each : variables.all) {
            if (each.part.kind == Part::Kind::data) values.push_back(each.part.value);
        }
        is_measured =
            graph.take(looker, values, variables.library, inspection.profiler_seconds);
    }
    bool digests = inspection.kind == cv8_digest_variables;
    size_t values_left = cv8::searched_value_count_max;
    for (const auto &each : variables.all) {
        if (looker.is_over()) break;
        std::string entry = "{" + field("name", each.part.name) + "," + field("kind", each.kind);
        entry += describe(looker, each.part) + size_fields(graph, is_measured, each.part);
        if (digests && each.part.kind == Part::Kind::data)
            entry += "," + field("digest", cv8::digest(looker, each.part.value, values_left));
        // One large variable must not take the room of all others.
        size_t room = entry.size() < list.room() ? (list.room() - entry.size()) / 4 : 0;
        if (each.part.kind == Part::Kind::data)
            entry += children(looker, each.part.value, inspection.depth, room);
        if (!list.add(entry + "}")) break;
    }
    std::string result = field("total", variables.total);
    if (variables.total > list.count)
        result += "," + field("omitted", variables.total - list.count);
    if (inspection.profiler_seconds > 0)
        result += std::string(",\"measured\":") + (is_measured ? "true" : "false");
    return result;
}

std::string find_text(Looker &looker, const cv8_inspection &inspection, List &list) {
    cv8::Variables variables(
        looker, {inspection.base_globals.bytes, inspection.base_globals.byte_count}
    );
    cv8::Search search(looker, {inspection.text.bytes, inspection.text.byte_count});
    for (const auto &each : variables.all) {
        search.look(each.part, [&](const Part &part, const std::string &path) {
            auto shown = cv8::cut(path, path_byte_count_max);
            return list.add("{" + field("path", shown) + describe(looker, part) + "}");
        });
    }
    bool is_complete = search.is_complete() && variables.total == variables.all.size();
    return field("searched", search.value_count()) + ",\"complete\":"
        + (is_complete ? "true" : "false");
}

} // namespace

cv8_bytes cv8_isolate_list_globals(cv8_isolate *owner) {
    cv8::Entered entered(owner);
    Looker looker(owner, entered.context);
    owner->texts[0] = cv8::Variables::list_globals(looker);
    return cv8::borrow(owner->texts[0]);
}

cv8_bytes cv8_isolate_inspect(cv8_isolate *owner, cv8_inspection inspection) {
    cv8::Entered entered(owner);
    v8::TryCatch scope(owner->isolate);
    Looker looker(owner, entered.context);
    size_t byte_count_max = std::max<size_t>(inspection.byte_count_max, 2 * frame_byte_count);
    List list(inspection.count_max, byte_count_max - frame_byte_count);
    bool is_search = inspection.kind == cv8_find_text;
    std::string rest = is_search ? find_text(looker, inspection, list)
                                 : list_variables(looker, inspection, list);
    owner->texts[0].clear();
    if (!owner->is_terminated) {
        const char *name = is_search ? "matches" : "variables";
        owner->texts[0] = "{\"" + std::string(name) + "\":[" + list.text + "]," + rest + "}";
    }
    return cv8::borrow(owner->texts[0]);
}
