#include "connections.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

namespace millrace {

std::vector<Connections::Entry>::const_iterator Connections::find_oldest() const {
  return std::find_if(open_.begin(), open_.end(), [](const Entry& entry) { return !entry.closing; });
}

void Connections::closed(int socket) {
  std::erase_if(open_, [&](const Entry& entry) { return entry.socket == socket; });
}

bool Connections::any_closing() const {
  return std::any_of(open_.begin(), open_.end(), [](const Entry& entry) { return entry.closing; });
}

std::optional<Connections::Time> Connections::oldest() const {
  auto entry = find_oldest();
  return entry == open_.end() ? std::nullopt : std::optional(entry->opened);
}

bool Connections::close_oldest(Time limit) {
  auto entry = find_oldest();
  if (entry == open_.end() || entry->opened > limit) return false;
  // The server library owns the socket: it sees the end of the stream and closes it.
  ::shutdown(entry->socket, SHUT_RDWR);
  open_[static_cast<std::size_t>(entry - open_.begin())].closing = true;
  return true;
}

void Connections::tell_ends() {
  std::vector<pollfd> sources;
  for (const Entry& entry : open_) sources.push_back({entry.end_told ? -1 : entry.socket, POLLRDHUP, 0});
  if (sources.empty() || ::poll(sources.data(), sources.size(), 0) <= 0) return;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    int unread = 0;
    if ((sources[i].revents & POLLRDHUP) == 0) continue;
    if (::ioctl(open_[i].socket, FIONREAD, &unread) != 0 || unread > 0) continue;
    ::shutdown(open_[i].socket, SHUT_RD);  // an edge; it changes nothing else, an answer can still be sent
    open_[i].end_told = true;
  }
}

}  // namespace millrace
