// Functions that glibc 2.35 has new versions of, and that what is linked here would be bound to:
// ours, which call those of every glibc. So glibc 2.34 is enough.

#if defined __x86_64__
#define FIRST_VERSION "GLIBC_2.2.5"
#else
#define FIRST_VERSION "GLIBC_2.17"
#endif

double first_hypot(double x, double y);
float first_hypotf(float x, float y);
__asm__(".symver first_hypot, hypot@" FIRST_VERSION);
__asm__(".symver first_hypotf, hypotf@" FIRST_VERSION);

__attribute__((visibility("hidden"))) double hypot(double x, double y) {
    return first_hypot(x, y);
}

__attribute__((visibility("hidden"))) float hypotf(float x, float y) {
    return first_hypotf(x, y);
}
