#define _GNU_SOURCE
#include "filter_program.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { architecture = AUDIT_ARCH_X86_64, first_x32_call = 0x40000000 };
#elif defined(__aarch64__)
enum { architecture = AUDIT_ARCH_AARCH64 };
#else
#error "The filter's system calls are not known for this processor."
#endif

static void add(filter_program *to, int code, uint32_t value, int if_true, int if_false) {
    to->code[to->count++] = (struct sock_filter){
        .code = (uint16_t)code, .jt = (uint8_t)if_true, .jf = (uint8_t)if_false, .k = value};
}

static void load(filter_program *to, size_t offset) {
    add(to, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(filter_program *to, uint32_t action) {
    add(to, BPF_RET | BPF_K, action, 0, 0);
}

filter_program filter_begin(uint32_t refusal) {
    filter_program program = {.refusal = refusal};
    load(&program, offsetof(struct seccomp_data, arch));
    add(&program, BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0);
    answer(&program, SECCOMP_RET_KILL_PROCESS);
    load(&program, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    add(&program, BPF_JMP | BPF_JGE | BPF_K, first_x32_call, 0, 1);
    answer(&program, SECCOMP_RET_KILL_PROCESS);
#endif
    return program;
}

static void decide(filter_program *to, int call, uint32_t action) {
    add(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
    answer(to, action);
}

void filter_allow(filter_program *to, int call) {
    decide(to, call, SECCOMP_RET_ALLOW);
}

void filter_allow_all(filter_program *to, const int calls[]) {
    for (; *calls != -1; calls++) filter_allow(to, *calls);
}

void filter_fail(filter_program *to, int call, int error) {
    decide(to, call, SECCOMP_RET_ERRNO | (uint32_t)error);
}

void filter_fail_all(filter_program *to, const int calls[], int error) {
    for (; *calls != -1; calls++) filter_fail(to, *calls, error);
}

unsigned short filter_rule(filter_program *to, int call) {
    add(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 0);
    return (unsigned short)(to->count - 1);
}

static void load_argument(filter_program *to, int index, int half) {
    load(to, offsetof(struct seccomp_data, args[0]) + sizeof(uint64_t) * (size_t)index
                 + sizeof(uint32_t) * (size_t)half);
}

void filter_require_any_of(filter_program *to, int index, const int values[], int count) {
    load_argument(to, index, 0);
    for (int each = 0; each < count; each++) {
        add(to, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)values[each], count - each, 0);
    }
    answer(to, to->refusal);
}

void filter_require(filter_program *to, int index, int value) {
    filter_require_any_of(to, index, &value, 1);
}

void filter_require_whole(filter_program *to, int index, uint32_t value) {
    const uint32_t halves[] = {value, 0};
    for (int half = 0; half < 2; half++) {
        load_argument(to, index, half);
        add(to, BPF_JMP | BPF_JEQ | BPF_K, halves[half], 1, 0);
        answer(to, to->refusal);
    }
}

void filter_require_set(filter_program *to, int index, uint32_t bits) {
    load_argument(to, index, 0);
    add(to, BPF_ALU | BPF_AND | BPF_K, bits, 0, 0);
    add(to, BPF_JMP | BPF_JEQ | BPF_K, bits, 1, 0);
    answer(to, to->refusal);
}

void filter_require_clear(filter_program *to, int index, uint32_t bits) {
    load_argument(to, index, 0);
    add(to, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
    answer(to, to->refusal);
}

void filter_require_not_all(filter_program *to, int index, uint32_t bits) {
    load_argument(to, index, 0);
    add(to, BPF_ALU | BPF_AND | BPF_K, bits, 0, 0);
    add(to, BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1);
    answer(to, to->refusal);
}

void filter_require_at_least(filter_program *to, int index, uint32_t value) {
    load_argument(to, index, 0);
    add(to, BPF_JMP | BPF_JGE | BPF_K, value, 1, 0);
    answer(to, to->refusal);
}

void filter_end(filter_program *to, unsigned short rule) {
    answer(to, SECCOMP_RET_ALLOW);
    to->code[rule].jf = (uint8_t)(to->count - rule - 1);
}

int filter_install(filter_program *program) {
    answer(program, program->refusal);
    struct sock_fprog compiled = {.len = program->count, .filter = program->code};
    long result = syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &compiled
    );
    // A positive number is a thread that could not be reached.
    return result == 0 ? 0 : result > 0 ? -EBUSY : -errno;
}
