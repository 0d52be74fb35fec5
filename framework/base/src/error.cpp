#include <millrace/base/error.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/base/assert.hpp>

namespace millrace {

const std::vector<ErrorCodeInfo>& error_code_table() {
  static const std::vector<ErrorCodeInfo> table = {
#define X(number, name, disposition, cause, remedy) {ErrorCode::name, Disposition::disposition, #name, cause, remedy},
#include <millrace/base/error_codes.def>
#undef X
  };
  return table;
}

const ErrorCodeInfo& error_code_info(ErrorCode code) {
  const auto& table = error_code_table();
  auto found = std::find_if(table.begin(), table.end(), [&](const ErrorCodeInfo& info) { return info.code == code; });
  MILLRACE_ASSERT(found != table.end(), "error code outside the table");
  return *found;
}

std::string to_string(ErrorCode code) { return fmt::format("MR-{:04}", static_cast<int>(code)); }

std::string_view to_string(Disposition disposition) {
  switch (disposition) {
    case Disposition::Retry: return "Retry";
    case Disposition::SkipRecord: return "SkipRecord";
    case Disposition::AbortTransaction: return "AbortTransaction";
    case Disposition::RestoreTask: return "RestoreTask";
    case Disposition::MigrateTask: return "MigrateTask";
    case Disposition::StopThread: return "StopThread";
    case Disposition::StopApplication: return "StopApplication";
  }
  return "?";
}

Error::Error(ErrorCode code, std::string message, Where where)
    : rep_(std::make_shared<Rep>(Rep{code, error_code_info(code).disposition, std::move(message), std::move(where)})) {}

Error Error::at(const Where& where) const {
  Rep rep = *rep_;
  if (rep.where.task.empty()) rep.where.task = where.task;
  if (rep.where.topic.empty()) {
    rep.where.topic = where.topic;
    rep.where.partition = where.partition;
    rep.where.offset = where.offset;
  }
  if (rep.where.node.empty()) rep.where.node = where.node;
  if (rep.where.store.empty()) rep.where.store = where.store;
  Error copy = *this;
  copy.rep_ = std::make_shared<Rep>(std::move(rep));
  return copy;
}

Error Error::with_disposition(Disposition disposition) const {
  Rep rep = *rep_;
  rep.disposition = disposition;
  Error copy = *this;
  copy.rep_ = std::make_shared<Rep>(std::move(rep));
  return copy;
}

namespace {

std::string place(const Where& where) {
  std::string text;
  auto add = [&](std::string part) { text += text.empty() ? part : ", " + part; };
  if (!where.task.empty()) add("task " + where.task);
  if (!where.topic.empty()) {
    std::string part = "topic " + where.topic;
    if (where.partition >= 0) part += fmt::format("[{}]", where.partition);
    if (where.offset >= 0) part += fmt::format("@{}", where.offset);
    add(part);
  }
  if (!where.node.empty()) add("operator " + where.node);
  if (!where.store.empty()) add("store " + where.store);
  return text;
}

}  // namespace

std::string Error::to_string() const {
  const ErrorCodeInfo& info = error_code_info(rep_->code);
  std::string at_place = place(rep_->where);
  return fmt::format("{}{}{}: {}. To mend it: {}.", millrace::to_string(rep_->code), at_place.empty() ? "" : " ",
                     at_place, rep_->message.empty() ? std::string(info.cause) : rep_->message, info.remedy);
}

}  // namespace millrace
