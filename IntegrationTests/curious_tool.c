// Stands for an esbuild that was taken over: tells in JavaScript what it could do.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int reads(const char *path) {
    char byte;
    int file = open(path, O_RDONLY);
    return file >= 0 && read(file, &byte, 1) == 1;
}

int main(void) {
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    printf("({ ");
    printf("reads: %d, ", reads(PRIVATE_FILE));
    printf("readsPasswords: %d, ", reads("/etc/passwd"));
    printf("readsItself: %d, ", reads("/proc/self/maps"));
    printf("forks: %d, ", child > 0);
    printf("signals: %d, ", kill(getppid(), 0) == 0);
    printf("connects: %d, ", socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    printf("executes: %d, ", access("/bin/true", X_OK) == 0);
    printf("writes: %d })\n", open("/tmp/curious", O_CREAT | O_WRONLY, 0600) >= 0);
    return 0;
}
