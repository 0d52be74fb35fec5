#include <millrace/topology/type_name.hpp>

#include <cstdlib>
#include <string_view>
#include <utility>

#include <cxxabi.h>

namespace millrace {

std::string type_name(const std::type_info& type) {
  static constexpr std::pair<std::string_view, std::string_view> kReadable[] = {
      {"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string"},
      {"std::vector<std::byte, std::allocator<std::byte> >", "bytes"},
      {"millrace::", ""},
  };
  int status = 0;
  char* demangled = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string text = status == 0 ? demangled : type.name();
  std::free(demangled);
  for (auto [from, to] : kReadable) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from)) text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace millrace
