#include <millrace/config/streams_config.hpp>

#include <millrace/base/assert.hpp>

namespace millrace {

std::string_view to_string(ProcessingGuarantee guarantee) {
  return guarantee == ProcessingGuarantee::ExactlyOnce ? "exactly_once_v2" : "at_least_once";
}

std::string_view to_string(OffsetReset reset) {
  switch (reset) {
    case OffsetReset::Earliest: return "earliest";
    case OffsetReset::Latest: return "latest";
    case OffsetReset::None: return "none";
  }
  return "?";
}

std::string_view to_string(ExceptionResponse response) {
  switch (response) {
    case ExceptionResponse::Fail: return "fail";
    case ExceptionResponse::Continue: return "continue";
    case ExceptionResponse::DeadLetter: return "dead-letter";
  }
  return "?";
}

const ConfigValue& StreamsConfig::application_value(std::string_view name) const {
  auto found = application_values.find(name);
  MILLRACE_ASSERT(found != application_values.end(),
                  "application_value(\"" + std::string(name) + "\"): the application has not registered this property");
  return found->second;
}

}  // namespace millrace
