#define _GNU_SOURCE
// Preloaded into a server that was built with ThreadSanitizer: lets it see when the slow paths of
// Swift's Mutex, which are in a library that was not, hand a mutex on.
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *self

void __tsan_acquire(void *address);
void __tsan_release(void *address);

__attribute__((swiftcall)) void lock(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void unlock(SELF) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock(uint32_t thread, SELF) {
    __attribute__((swiftcall)) void (*real)(uint32_t, SELF) = dlsym(RTLD_NEXT, LOCK);
    real(thread, self);
    __tsan_acquire(self);
}

__attribute__((swiftcall)) void unlock(SELF) {
    __attribute__((swiftcall)) void (*real)(SELF) = dlsym(RTLD_NEXT, UNLOCK);
    __tsan_release(self);
    real(self);
}
