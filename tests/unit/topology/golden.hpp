// Golden files: what a picture of a topology must look like, as text in the repository.
//
// MILLRACE_UPDATE_GOLDEN=1 writes them anew; look at the difference before it is committed.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace millrace::testing_golden {

inline std::string path_of(const std::string& name) {
  return std::string(MILLRACE_SOURCE_DIR) + "/tests/unit/topology/golden/" + name;
}

inline std::string read(const std::string& name) {
  std::ifstream in(path_of(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Compares `text` with the golden file of that name.
inline void expect_golden(const std::string& name, const std::string& text) {
  const char* update = std::getenv("MILLRACE_UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::ofstream(path_of(name), std::ios::binary) << text;
    GTEST_SKIP() << "wrote " << path_of(name);
  }
  EXPECT_EQ(text, read(name)) << "of " << path_of(name) << "; MILLRACE_UPDATE_GOLDEN=1 writes it anew";
}

}  // namespace millrace::testing_golden
