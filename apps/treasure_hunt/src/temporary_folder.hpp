// TemporaryFolder: a folder for a run that is to be forgotten.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace hunt {

/// Gone with the object, unless kept. Empty until made.
class TemporaryFolder {
 public:
  TemporaryFolder() = default;
  ~TemporaryFolder() { remove(); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// False if it cannot be made. Call it once.
  [[nodiscard]] bool make() {
    std::error_code failure;
    std::string pattern = (std::filesystem::temp_directory_path(failure) / "treasure_hunt-XXXXXX").string();
    if (failure || ::mkdtemp(pattern.data()) == nullptr) return false;
    path_ = pattern;
    return true;
  }
  void keep() { kept_ = true; }
  /// Removes it now, unless kept.
  void remove() {
    std::error_code ignored;
    if (!path_.empty() && !kept_) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

}  // namespace hunt
