#include "CV8.h"
