#pragma once

namespace cv8 {

// While it lives, this thread makes a snapshot, and V8 does nothing in vain for it.
class SnapshotCosts {
public:
    SnapshotCosts();
    ~SnapshotCosts();

    // Whether the last collection of garbage left nothing to the next, and what it was for.
    bool is_collected = false;
    int reason = 0;
};

} // namespace cv8
