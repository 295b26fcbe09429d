// One attack of a program that is confined as the one that strips types:
// `ToolAttacks NUMBER TARGET FILE`. Exits with 0 if it was refused, and with 9 if it succeeded.

#include <CAttacks.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { exit_code_succeeded = 9, exit_code_unconfined = 126 };

int main(int count, char *arguments[]) {
    // As root, and not confined, the attempts change the machine. A filter refuses this call.
    if (count != 4 || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0) return exit_code_unconfined;
    int succeeded = attack_try(atoi(arguments[1]), atoi(arguments[2]), 0, arguments[3]);
    return succeeded ? exit_code_succeeded : 0;
}
