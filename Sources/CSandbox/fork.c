#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint32_t *csandbox_shared_words(void) {
    void *page = mmap(
        NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
        0
    );
    return page == MAP_FAILED ? NULL : page;
}

int csandbox_word_change(uint32_t *word, uint32_t from, uint32_t to) {
    return __atomic_compare_exchange_n(
        word, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST
    );
}

uint32_t csandbox_word_get(const uint32_t *word) {
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

void csandbox_word_set(uint32_t *word, uint32_t value) {
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
    csandbox_word_wake(word);
}

void csandbox_word_wake(uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void csandbox_word_wait(uint32_t *word, uint32_t value, uint32_t milliseconds) {
    struct timespec time = {
        .tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0);
}

int csandbox_await_child(pid_t child, int *status) {
    pid_t result;
    do result = (pid_t)syscall(SYS_wait4, child, status, 0, NULL);
    while (result < 0 && errno == EINTR);
    return result == child ? 0 : -errno;
}

int csandbox_look_at_child(pid_t child, int *status) {
    pid_t result;
    do result = (pid_t)syscall(SYS_wait4, child, status, WNOHANG, NULL);
    while (result < 0 && errno == EINTR);
    return result == child ? 1 : result == 0 ? 0 : -errno;
}

int csandbox_lead_group(void) {
    return setpgid(0, 0) == 0 ? 0 : -errno;
}

int csandbox_kill_group(pid_t leader) {
    // Forks that are under way when the signal is sent are either in the group or refused.
    return kill(-leader, SIGKILL) == 0 || errno == ESRCH ? 0 : -errno;
}
