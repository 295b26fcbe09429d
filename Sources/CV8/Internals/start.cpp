// How a process with V8 in it begins.
//
// V8 is in the program of Node's that the process was started with, and this is a library that was
// loaded beside it. The C library is handed our main function in place of Node's, which never runs.

#include "start.h"

#include <cstdlib>
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

int begin(int argc, char **argv, char **) {
    return cv8_main(argc, argv);
}

} // namespace

extern "C" {

__attribute__((visibility("default"))) int __libc_start_main(
    int (*nodes)(int, char **, char **), int argc, char **argv, void (*initialize)(),
    void (*finish)(), void (*finish_loader)(), void *stack_end
) {
    auto original =
        reinterpret_cast<decltype(&__libc_start_main)>(dlsym(RTLD_NEXT, "__libc_start_main"));
    if (!original) __builtin_trap();
    auto main = cv8_main ? begin : nodes;
    return original(main, argc, argv, initialize, finish, finish_loader, stack_end);
}

// Node is built so that V8's own allocator keeps its pages from forks, which then die of touching
// them.
__attribute__((visibility("default"))) int
madvise(void *address, size_t size, int advice) noexcept {
    if (advice == MADV_DONTFORK) return 0;
    return static_cast<int>(syscall(SYS_madvise, address, size, advice));
}

}
