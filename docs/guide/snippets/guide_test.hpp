// What the guide's snippets share. Each page is one file of tests; what it shows stands between [name] comments.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include <millrace/millrace.hpp>
#include <millrace/testing/simulated_application.hpp>
#include <millrace/testing/topology_test_driver.hpp>

/// Compares `text` with what a page shows: a file in messages/. MILLRACE_UPDATE_DOCS=1 writes it anew; then run
/// scripts/guide.py.
inline void expect_message(const std::string& name, const std::string& text) {
  std::string path = std::string(MILLRACE_SOURCE_DIR) + "/docs/guide/snippets/messages/" + name;
  if (std::getenv("MILLRACE_UPDATE_DOCS") != nullptr) std::ofstream(path, std::ios::binary) << text << "\n";
  std::ifstream in(path, std::ios::binary);
  EXPECT_EQ(text + "\n", (std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()})) << path;
}
