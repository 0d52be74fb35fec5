// Readable names of types, for messages and describe.
#pragma once

#include <string>
#include <typeinfo>

namespace millrace {

/// "std::string", "long", "hunt::Player", ...
[[nodiscard]] std::string type_name(const std::type_info& type);

}  // namespace millrace
