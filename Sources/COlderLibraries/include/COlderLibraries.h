#pragma once
// Nothing: what is in this module takes the place of functions that are bound by their names.
