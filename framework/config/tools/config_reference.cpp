// Prints the reference page of the configuration.
#include <iostream>

#include <millrace/config/property.hpp>

int main() {
  std::cout << millrace::configuration_reference();
  return std::cout.flush() ? 0 : 1;
}
