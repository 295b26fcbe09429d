#pragma once

// What runs in place of Node's main function: the program's own. Where nobody defines it the
// process begins as it would without us.
extern "C" __attribute__((weak)) int cv8_main(int argc, char **argv);
