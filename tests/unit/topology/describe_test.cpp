// What `describe` prints, as text and as Mermaid.
#include <gtest/gtest.h>

#include "golden.hpp"
#include "sample_topologies.hpp"

namespace millrace {
namespace {

using testing_golden::expect_golden;

TEST(Describe, ShowsTheWordCountAsText) { expect_golden("word_count.txt", sample::word_count().describe()); }
TEST(Describe, ShowsTheWordCountAsMermaid) { expect_golden("word_count.mermaid.txt", sample::word_count().mermaid()); }
TEST(Describe, ShowsTheWordCountForGraphviz) {
  expect_golden("word_count.graphviz.txt", sample::word_count().graphviz());
}
TEST(Describe, ShowsEveryOperatorForGraphviz) {
  expect_golden("every_operator.graphviz.txt", sample::every_operator().graphviz());
}
TEST(Describe, ShowsEveryOperatorAsText) { expect_golden("every_operator.txt", sample::every_operator().describe()); }
TEST(Describe, ShowsEveryOperatorAsMermaid) {
  expect_golden("every_operator.mermaid.txt", sample::every_operator().mermaid());
}

TEST(Describe, ShowsBranchesAsText) { expect_golden("branches.txt", sample::branches().describe()); }
TEST(Describe, ShowsBranchesAsMermaid) { expect_golden("branches.mermaid.txt", sample::branches().mermaid()); }

TEST(Describe, ShowsTablesAsText) { expect_golden("tables.txt", sample::tables().describe()); }
TEST(Describe, ShowsTablesAsMermaid) { expect_golden("tables.mermaid.txt", sample::tables().mermaid()); }

TEST(Describe, IsTheSameEachTime) {
  EXPECT_EQ(sample::every_operator().describe(), sample::every_operator().describe());
  EXPECT_EQ(sample::every_operator().mermaid(), sample::every_operator().mermaid());
}

}  // namespace
}  // namespace millrace
