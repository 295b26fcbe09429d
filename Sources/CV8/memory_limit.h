#pragma once
#include <cstdint>
#include <sys/resource.h>

namespace cv8 {

// While one of these lives, this process may have as much writable memory as it may give itself:
// V8 needs several times a snapshot's size to make it, and to open it. What is small has room.
class RaisedMemoryLimit {
public:
    explicit RaisedMemoryLimit(uint64_t byte_count) {
        constexpr uint64_t byte_count_small = 16 << 20;
        if (byte_count < byte_count_small) return;
        is_raised = getrlimit(RLIMIT_DATA, &before) == 0 && before.rlim_cur < before.rlim_max;
        rlimit raised = {before.rlim_max, before.rlim_max};
        if (is_raised) setrlimit(RLIMIT_DATA, &raised);
    }
    ~RaisedMemoryLimit() {
        if (is_raised) setrlimit(RLIMIT_DATA, &before);
    }
    RaisedMemoryLimit(const RaisedMemoryLimit &) = delete;
    RaisedMemoryLimit &operator=(const RaisedMemoryLimit &) = delete;

private:
    rlimit before = {};
    bool is_raised = false;
};

} // namespace cv8
