// The counting operator new of the codec tests, in this program too.
#include "unit/wire/allocation_meter.cpp"
