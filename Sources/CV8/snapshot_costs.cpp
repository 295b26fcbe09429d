// What V8 does twice or in vain while it makes a snapshot.
//
// Two functions of V8's are replaced here (they are exported by libnode, and called through its
// symbol table). Nothing breaks where a V8 does not call them.

#include "snapshot_costs.h"

#include <dlfcn.h>
#include <v8.h>

namespace {

// Of this thread, while it makes a snapshot.
thread_local cv8::SnapshotCosts *current;

} // namespace

namespace cv8 {

SnapshotCosts::SnapshotCosts() {
    current = this;
}

SnapshotCosts::~SnapshotCosts() {
    current = nullptr;
}

} // namespace cv8

namespace v8 {
namespace base {

template <typename> class Vector {
    const unsigned char *start;
    size_t length;
};

} // namespace base

namespace internal {

enum AllocationSpace : int;
enum class GarbageCollectionReason : int;

class Heap {
public:
    __attribute__((visibility("default"))) bool
    CollectGarbage(AllocationSpace space, GarbageCollectionReason reason, GCCallbackFlags flags);
};

// V8 collects garbage before a snapshot until nothing is freed by weak references, but twice at
// least. The second time finds nothing then.
bool Heap::CollectGarbage(
    AllocationSpace space, GarbageCollectionReason reason, GCCallbackFlags flags
) {
    using Original = bool (*)(Heap *, AllocationSpace, GarbageCollectionReason, GCCallbackFlags);
    static auto original = reinterpret_cast<Original>(dlsym(
        RTLD_NEXT, "_ZN2v88internal4Heap14CollectGarbageENS0_15AllocationSpaceENS0_"
                   "23GarbageCollectionReasonENS_15GCCallbackFlagsE"
    ));
    if (!current) return original(this, space, reason, flags);
    int number = static_cast<int>(reason);
    if (current->is_collected && current->reason == number) return false;
    bool has_freed = original(this, space, reason, flags);
    current->reason = number;
    current->is_collected = !has_freed;
    return has_freed;
}

// The sum over a snapshot, which is never checked: the server has a digest of it.
__attribute__((visibility("default"))) uint32_t Checksum(base::Vector<const unsigned char>) {
    return 0;
}

} // namespace internal
} // namespace v8
