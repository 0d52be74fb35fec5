#include <millrace/model/kafka_name.hpp>

#include <algorithm>

namespace millrace {

bool is_valid_kafka_name(std::string_view name) {
  auto legal = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), legal);
}

}  // namespace millrace
