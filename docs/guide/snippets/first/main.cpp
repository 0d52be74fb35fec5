#include "topology.hpp"

int main(int argc, char** argv) { return millrace::run_app(argc, argv, visits_per_page); }
