// Connections: which sockets are open and since when. Decides who is too old; owns nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace millrace {

class Connections {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void opened(int socket, Time now) { open_.push_back({.socket = socket, .opened = now}); }
  void closed(int socket);

  [[nodiscard]] std::size_t size() const { return open_.size(); }
  /// Whether one that was told to close has not done so yet.
  [[nodiscard]] bool any_closing() const;

  /// When the oldest connection not yet told to close was opened.
  [[nodiscard]] std::optional<Time> oldest() const;

  /// Tells the oldest connection to close, if it was opened at or before `limit`. It counts until closed().
  bool close_oldest(Time limit);

  /// Wakes the server library for connections whose client has finished sending and whose bytes are all read. It waits
  /// for edges, reads what came, and misses the end of a stream that came together with the last bytes: without this,
  /// a client that left in the middle of a request would keep its place until the deadline.
  void tell_ends();

 private:
  struct Entry {
    int socket;
    Time opened;
    bool closing = false;
    bool end_told = false;
  };
  [[nodiscard]] std::vector<Entry>::const_iterator find_oldest() const;

  std::vector<Entry> open_;  // by time of opening
};

}  // namespace millrace
