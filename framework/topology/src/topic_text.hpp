// How pictures and descriptions of a topology name a topic.
#pragma once

#include <string>

#include <millrace/topology/topic_ref.hpp>

namespace millrace {

/// An internal topic's name begins with an application id that the topology does not know.
inline std::string topic_text(const TopicRef& topic) {
  return topic.internal ? "<application.id>-" + topic.name : topic.name;
}

}  // namespace millrace
