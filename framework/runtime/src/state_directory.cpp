#include <millrace/runtime/state_directory.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <millrace/base/bytes.hpp>

namespace millrace {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kFormat = "millrace-state 1";

Error unusable(const fs::path& path, const std::string& reason) {
  return Error(ErrorCode::StateDirectoryUnusable,
               fmt::format("cannot use the state directory {}: {}", path.string(), reason));
}

Result<void> make_directories(const fs::path& path) {
  std::error_code failure;
  for (const fs::path& part : {path.parent_path(), path}) {
    if (part.empty() || fs::is_directory(part, failure)) continue;
    if (fs::exists(part, failure)) return unusable(part, "it is not a directory");
    fs::create_directories(part, failure);
    if (failure) return unusable(part, failure.message());
    // As Kafka Streams does: nothing for others.
    fs::permissions(part, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, failure);
  }
  return {};
}

std::string read_pid(int fd) {
  char text[32] = {};
  ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
  std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!pid.empty() && (pid.back() == '\n' || pid.back() == ' ')) pid.pop_back();
  return pid.empty() ? "unknown" : pid;
}

Result<int> lock(const fs::path& root) {
  fs::path path = root / "lock";
  int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) return unusable(path, std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::string pid = read_pid(fd);
    ::close(fd);
    return Error(ErrorCode::StateDirectoryLocked,
                 fmt::format("the process with pid {} uses the state directory {}", pid, root.string()));
  }
  std::string pid = std::to_string(::getpid()) + "\n";
  bool written = ::ftruncate(fd, 0) == 0 && ::pwrite(fd, pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
  if (!written) {
    std::string reason = std::strerror(errno);
    ::close(fd);
    return unusable(path, reason);
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<StateDirectory>> StateDirectory::open(const fs::path& state_dir,
                                                             const std::string& application_id) {
  fs::path root = fs::absolute(state_dir) / application_id;
  MILLRACE_TRY(make_directories(root));
  auto fd = lock(root);
  if (!fd) return fd.error();
  std::unique_ptr<StateDirectory> directory(new StateDirectory(root, *fd));
  MILLRACE_TRY(directory->check_format(application_id));
  return directory;
}

StateDirectory::~StateDirectory() { ::close(lock_fd_); }  // closing releases the lock

Result<void> StateDirectory::check_format(const std::string& application_id) const {
  fs::path path = root_ / "format";
  std::string wanted = fmt::format("{} application={}\n", kFormat, application_id);
  std::error_code failure;
  if (fs::exists(path, failure)) {
    std::ifstream in(path);
    std::string found((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (found == wanted) return {};
    return Error(ErrorCode::StateFormatUnknown,
                 fmt::format("{} says \"{}\", this program writes \"{}\"", path.string(),
                             printable(found.substr(0, found.find('\n'))), wanted.substr(0, wanted.size() - 1)));
  }
  // Written whole or not at all: a new file, then a rename.
  fs::path fresh = root_ / "format.new";
  std::ofstream out(fresh);
  out << wanted;
  out.close();
  if (!out) return unusable(fresh, std::strerror(errno));
  fs::rename(fresh, path, failure);
  if (failure) return unusable(path, failure.message());
  return {};
}

Result<void> StateDirectory::erase() {
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(root_, failure)) {
    if (entry.path().filename() == "lock") continue;
    fs::remove_all(entry.path(), failure);
    if (failure) return unusable(entry.path(), failure.message());
  }
  if (failure) return unusable(root_, failure.message());
  return {};
}

}  // namespace millrace
