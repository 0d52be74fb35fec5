// RawSetting: a key and a value as a file has them, before anything is checked.
#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// What stands where a value is expected.
enum class SettingKind : std::uint8_t {
  Plain,       ///< text without quotes
  Quoted,      ///< text in quotes, or a block of text; read like plain text ("100" is the number 100, as in Kafka)
  Null,        ///< a key without a value, or null
  Sequence,    ///< a list
  Mapping,     ///< an empty mapping; others come as one setting per leaf
  Unresolved,  ///< the reader has already reported what is wrong with the value
};

/// One leaf of a configuration file. Positions count from 1; 0 where there is none.
struct RawSetting {
  std::string key;                        ///< dotted, nested keys joined
  std::string value;                      ///< what it resolves to; empty unless Plain or Quoted
  SettingKind kind = SettingKind::Plain;  ///< what it is
  std::string file;                       ///< as the user named it
  int line = 0;                           ///< of the key (of its last part, when nested)
  int column = 0;                         ///< of the key, from 1; 0 if there is none
  int value_line = 0;                     ///< of the value; 0: as the key
  int value_column = 0;                   ///< of the value, from 1; 0 if there is none
  /// The value came from the environment or another file: no message shows it.
  bool secret = false;
  /// What messages show instead of a secret: "${DATABASE_PASSWORD}", "file:/run/secrets/password".
  std::string written;
};

}  // namespace millrace
