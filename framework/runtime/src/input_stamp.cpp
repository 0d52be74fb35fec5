#include <millrace/runtime/input_stamp.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <millrace/runtime/stream_task.hpp>

namespace millrace {

namespace {
// "inputs", then for each input: name[partition], offset, id of the topic. None of them has a tab or a newline; the id
// of a changelog, which a logged store is stamped with, has no newline either.
constexpr std::string_view kHead = "inputs\n";
}  // namespace

ChangelogStamp input_stamp(const std::vector<TaskInput>& inputs, const TopicCatalog& catalog) {
  std::vector<std::string> lines;
  for (const TaskInput& input : inputs) {
    lines.push_back(fmt::format("{}\t{}\t{}\n", to_string(input.partition), input.from.value(),
                                catalog.find(input.partition.topic)->id));
  }
  // An upgrade may find them in another order.
  std::sort(lines.begin(), lines.end());
  std::string text(kHead);
  for (const std::string& line : lines) text += line;
  return {std::move(text), Offset(0)};
}

std::string describe_input_stamp(const ChangelogStamp& stamp) {
  std::string_view text = stamp.topic_id;
  if (!text.starts_with(kHead)) return "an offset of a changelog that it had";
  text.remove_prefix(kHead.size());
  std::string described;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t name = line.find('\t');
    const std::size_t offset = name == std::string_view::npos ? name : line.find('\t', name + 1);
    if (offset == std::string_view::npos) return "something that cannot be read";
    described += fmt::format("{}{} at {}", described.empty() ? "" : ", ", line.substr(0, name),
                             line.substr(name + 1, offset - name - 1));
  }
  return described;
}

}  // namespace millrace
