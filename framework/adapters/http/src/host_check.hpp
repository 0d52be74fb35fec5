// Which Host headers are ours.
#pragma once

#include <string_view>

namespace millrace {

/// Whether `host` is 127.0.0.1, localhost or [::1], with any port (a tunnel may change it) or none. A web page that had
/// its name resolve to 127.0.0.1 sends that name, and is refused.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace millrace
