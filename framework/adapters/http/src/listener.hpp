// Opens the port.
#pragma once

#include <cstdint>

#include <millrace/base/result.hpp>

#include "file_descriptor.hpp"

namespace millrace {

struct Listener {
  FileDescriptor socket;  ///< listening, non-blocking
  std::uint16_t port = 0;
};

/// Listens on 127.0.0.1 at `first_port`, or at the first free one of the 100 after it; 0 takes any.
[[nodiscard]] Result<Listener> listen_on_loopback(std::uint16_t first_port);

}  // namespace millrace
