#include "topology.hpp"

int main(int argc, char** argv) { return millrace::run_app(argc, argv, orders, {.version = "1.0"}); }
