// PlayerDesk: decides the commands of players, one player of one hunt at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <millrace/processor/processor.hpp>

#include "hunt_book.hpp"
#include "state.hpp"

namespace hunt {

/// A ruling, and the progress after it if that changed.
struct Decision {
  Ruling ruling;
  std::optional<Progress> progress;
};

/// The rules, for a command that was never seen before. A claim that may be made becomes Ruling::claim: only the
/// treasure knows who was first. REQUIRES: !malformed(command).
[[nodiscard]] Decision decide(const HuntBook& book, const Command& command, const std::optional<Progress>& progress);

/// Answers each command once, and each repeated one by what was answered first. Every answer is kept: a command id
/// counts once however late it comes again. Throws for a malformed command, or one under another player's key.
class PlayerDesk final : public millrace::Processor<std::string, Command, std::string, Ruling> {
 public:
  explicit PlayerDesk(HuntBookPtr book) : book_(std::move(book)) {}
  void init(Context& context) override;
  void process(const millrace::Record<std::string, Command>& record) override;

 private:
  HuntBookPtr book_;
  millrace::KeyValueStore<std::string, Progress> progress_;
  millrace::KeyValueStore<std::string, Answer> answers_;
};

}  // namespace hunt
