// Where V8 puts a snapshot.
//
// It makes an array of characters for it. C++ lets a program replace how arrays are made, and so
// the snapshot can be where its bytes are wanted, without a copy and without memory of its own.
// What V8 itself frees again it makes by `new (std::nothrow)`. Should anything else find itself in
// the place, it has had it to itself until it was freed, and the snapshot lies elsewhere.

#include "snapshot_place.h"

#include <cstdlib>
#include <new>

namespace {

// No snapshot of a heap is smaller.
constexpr size_t snapshot_size_min = 256 << 10;

struct Place {
    char *bytes;
    size_t capacity;
    bool is_taken;
};
thread_local Place wanted = {};

bool is_in_place(const void *array) {
    return array && array == wanted.bytes;
}

} // namespace

__attribute__((visibility("default"))) void *operator new[](size_t size) {
    if (size >= snapshot_size_min && size <= wanted.capacity && !wanted.is_taken) {
        wanted.is_taken = true;
        return wanted.bytes;
    }
    return ::operator new(size);
}

__attribute__((visibility("default"))) void *
operator new[](size_t size, const std::nothrow_t &) noexcept {
    return ::operator new(size, std::nothrow);
}

__attribute__((visibility("default"))) void operator delete[](void *array) noexcept {
    if (!is_in_place(array)) ::operator delete(array);
}

__attribute__((visibility("default"))) void operator delete[](void *array, size_t) noexcept {
    if (!is_in_place(array)) ::operator delete(array);
}

namespace cv8 {

SnapshotPlace::SnapshotPlace(char *place, size_t capacity) {
    wanted = {place, place ? capacity : 0, false};
}

SnapshotPlace::~SnapshotPlace() {
    wanted = {};
}

} // namespace cv8
