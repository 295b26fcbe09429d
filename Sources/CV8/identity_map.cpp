// Where V8 looks for an object in its maps from objects to what is known of them.
//
// The serialiser asks such a map for nearly every pointer that it meets. V8 mixes all bits of the
// address with six shifts and sums, in a function that is called for it. Here it is one product,
// whose upper half depends on all bits below. Where a V8 does not call this it mixes as it does.

#include <cstdint>

#define HASH "_ZNK2v88internal15IdentityMapBase4HashEm"

extern "C" {

// IdentityMapBase::Hash.
__attribute__((visibility("default"))) uint32_t
cv8_hash_address(const void *map, uintptr_t address) asm(HASH);

uint32_t cv8_hash_address(const void *, uintptr_t address) {
    return static_cast<uint32_t>((address >> 3) * 0x9e3779b97f4a7c15 >> 32);
}

}
