// V8's checksum of a snapshot. It is never checked, as the server has a digest of every snapshot
// that it hands out, and takes a thirtieth of a commit. So libnode's function is replaced.

#include <cstddef>
#include <cstdint>

namespace v8 {
namespace base {

template <typename> class Vector {
    const unsigned char *start;
    size_t length;
};

} // namespace base

namespace internal {

__attribute__((visibility("default"))) uint32_t Checksum(base::Vector<const unsigned char>) {
    return 0;
}

} // namespace internal
} // namespace v8
