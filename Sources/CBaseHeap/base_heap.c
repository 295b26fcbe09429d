#include "CBaseHeap.h"
