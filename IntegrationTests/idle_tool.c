// Stands for an esbuild that was taken over and does not end.
#include <time.h>

int main(void) {
    const struct timespec second = {.tv_sec = 1};
    for (;;) nanosleep(&second, 0);
}
