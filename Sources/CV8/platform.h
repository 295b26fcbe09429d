#pragma once
#include <v8-platform.h>

namespace cv8 {

// The process's platform. It has no threads: tasks run when the isolate's owner pumps them.
v8::Platform &shared_platform();

// Runs one foreground task of the isolate, if there is one.
bool pump_task(v8::Isolate *isolate);

} // namespace cv8
