#pragma once
#include <cstdint>

namespace cv8 {

// How often V8 collects garbage where it collects all that there is.
enum class Collections {
    // Until weak references free nothing more, but twice at least.
    as_v8_does,
    // Until they free nothing more: a collection after that would find nothing.
    as_needed,
    never,
};

// Decides it for this thread while it lives.
class CollectionsScope {
public:
    explicit CollectionsScope(Collections wanted);
    ~CollectionsScope();
};

// How many this thread has left out.
uint64_t left_out_collection_count();

} // namespace cv8
