#include "host_check.hpp"

#include <algorithm>

namespace millrace {

namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char left, char right) {
    return (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left) == right;
  });
}

bool is_port(std::string_view text) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), digit);
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  std::size_t colon = host.rfind(':');
  bool has_port = colon != std::string_view::npos && host.back() != ']';
  if (has_port && !is_port(host.substr(colon + 1))) return false;
  std::string_view name = host.substr(0, has_port ? colon : host.size());
  return name == "127.0.0.1" || name == "[::1]" || equals_ignoring_case(name, "localhost");
}

}  // namespace millrace
