// Feed: where the commands of a demo come from.
#pragma once

#include <memory>

#include <millrace/base/result.hpp>

namespace hunt {

/// Thread: one owner.
class Feed {
 public:
  Feed() = default;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  virtual ~Feed() = default;

  /// Sends what is due; does not wait. Errors: those of the input and of the log.
  [[nodiscard]] virtual millrace::Result<void> tick() = 0;
  /// Sends nothing new from now on.
  virtual void stop() = 0;
  /// Everything was sent, or it was stopped, and what was sent is in the log.
  [[nodiscard]] virtual bool ended() const = 0;
  /// False if it waits for something that may never come (a person at a terminal): then its destructor does, too.
  [[nodiscard]] virtual bool can_be_left() const = 0;
};

}  // namespace hunt
