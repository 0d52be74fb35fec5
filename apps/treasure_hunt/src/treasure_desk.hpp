// TreasureDesk: the one place where a treasure finds its owner: the first claim in the log wins.
#pragma once

#include <string>

#include <millrace/processor/processor.hpp>

#include "hunt_book.hpp"
#include "state.hpp"

namespace hunt {

/// Takes claims by "hunt|treasure"; forwards rulings by "hunt|player". The owner's record remembers the command that
/// won, so a repeated claim is answered as it was the first time without remembering the others: who lost once has
/// lost.
class TreasureDesk final : public millrace::Processor<std::string, Claim, std::string, Ruling> {
 public:
  explicit TreasureDesk(HuntBookPtr book) : book_(std::move(book)) {}
  void init(Context& context) override;
  void process(const millrace::Record<std::string, Claim>& record) override;

 private:
  HuntBookPtr book_;
  millrace::KeyValueStore<std::string, Treasure> treasures_;
};

}  // namespace hunt
