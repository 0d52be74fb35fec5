// The word count topology: lines in, counts per word out.
#pragma once

#include <cctype>
#include <string>
#include <vector>

#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>

namespace word_count {

inline constexpr const char* kLinesTopic = "text-lines";
inline constexpr const char* kCountsTopic = "word-counts-output";
inline constexpr const char* kStore = "word-counts";

/// Maximal runs of ASCII letters, lower-cased. Independent of the locale.
inline std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  for (char c : line) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) {
      word += static_cast<char>(c | 0x20);
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

/// `caching`: the counts of a word are told once per commit, the last one only.
inline millrace::Topology topology(bool caching = false) {
  millrace::StreamsBuilder builder;
  builder.stream<std::string, std::string>(kLinesTopic)
      .flat_map_values([](const std::string& line) { return split_words(line); })
      .group_by([](const std::string& word) { return word; })
      .count({.store_name = kStore, .caching = caching})
      .to_stream()
      .to(kCountsTopic);
  return builder.build();
}

}  // namespace word_count
