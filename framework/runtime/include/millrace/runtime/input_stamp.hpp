// The stamp of a persistent store that has no changelog: the input offsets up to which it was written. Such a store
// cannot be restored, so it counts only if it stands where the committed input stands.
#pragma once

#include <string>
#include <vector>

#include <millrace/model/ids.hpp>
#include <millrace/runtime/topic_catalog.hpp>
#include <millrace/state/task_backend.hpp>

namespace millrace {

struct TaskInput;  // stream_task.hpp

/// Equal stamps mean: the same topics, not only by name, and the same offset in each. REQUIRES: the catalog has them.
[[nodiscard]] ChangelogStamp input_stamp(const std::vector<TaskInput>& inputs, const TopicCatalog& catalog);
/// For people: "lines[0] at 17, words[0] at 3".
[[nodiscard]] std::string describe_input_stamp(const ChangelogStamp& stamp);

}  // namespace millrace
