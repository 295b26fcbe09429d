#pragma once
#include <cstddef>

namespace cv8 {

// While one of these lives, the first large array of characters that this thread makes lies in
// `place`, if it fits there.
class SnapshotPlace {
public:
    SnapshotPlace(char *place, size_t capacity);
    ~SnapshotPlace();
};

} // namespace cv8
