// std::condition_variable::wait, which the C++ library of GCC 12 has a new version of: ours, which
// calls that of GCC 4.4 and of every one since. It differs in what it says of exceptions only.

#define WAIT "_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE"

void first_wait(void *condition, void *lock);
__asm__(".symver first_wait, " WAIT "@GLIBCXX_3.4.11");

__attribute__((visibility("hidden"))) void older_wait(void *condition, void *lock) __asm__(WAIT);
void older_wait(void *condition, void *lock) {
    first_wait(condition, lock);
}
