#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

// A program that is started with a standard stream closed would be given its number for the first
// file or socket that it opens, and would log, or answer, into that. So each of them is opened
// before anything else is: standard input at its end, standard output as one that cannot be written
// to, and standard error as one that nobody reads.
__attribute__((constructor)) static void open_standard_streams(void) {
    static const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
    for (int number = 0; number < 3; number++) {
        if (fcntl(number, F_GETFD) >= 0) continue;
        // The lowest number that is free is this one.
        if (open("/dev/null", modes[number]) < 0) open("/", O_RDONLY | O_DIRECTORY);
    }
}
