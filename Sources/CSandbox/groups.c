#include "CSandbox.h"

#include <sys/xattr.h>

int csandbox_is_marked_delegated(const char *path) {
    const char *const marks[] = {"trusted.delegate", "user.delegate"};
    for (int index = 0; index < 2; index++) {
        char value[2];
        if (getxattr(path, marks[index], value, sizeof value) == 1 && *value == '1') return 1;
    }
    return 0;
}
