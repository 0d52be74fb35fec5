// Counts words. The topology is a function of its own, so that a test can run it without a program around it.
#pragma once

#include <cctype>
#include <sstream>
#include <string>
#include <vector>

#include <millrace/millrace.hpp>

inline std::vector<std::string> split_words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    words.push_back(word);
  }
  return words;
}

inline millrace::Topology word_count() {
  millrace::StreamsBuilder builder;
  builder.stream<std::string, std::string>("lines")
      .flat_map_values(split_words)
      // A new key: records travel through a repartition topic, so that one task sees all records of a word.
      .group_by([](const std::string& word) { return word; })
      // The name is that of the store and of its changelog: with it an upgrade finds its counts again.
      .count({.store_name = "counts"})
      .to_stream()
      .to("counts-by-word");
  return builder.build();
}
