// Counts the words of standard input and prints each word's last count.
#include "topology.hpp"

#include <map>

#include "../common/playground.hpp"

int main() {
  return examples::run([] {
    examples::Playground playground(word_count());
    playground.send_lines("lines", "-");
    playground.drain();
    // The output is a stream of changes: each count that a word ever had. The last one is what it has now.
    std::map<std::string, std::int64_t> counts;
    for (const auto& record : playground.records<std::string, std::int64_t>("counts-by-word")) {
      counts[*record.key] = *record.value;
    }
    for (const auto& [word, count] : counts) std::printf("%s %lld\n", word.c_str(), static_cast<long long>(count));
  });
}
