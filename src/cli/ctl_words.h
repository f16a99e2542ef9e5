// Words of supervisorctl: what it calls processes and faults, and the exit codes of its commands.
#pragma once

#include <string>
#include <string_view>

#include "supervisord/rpc_value.h"

namespace tierce::cli {

inline constexpr int kErrorExit = 1;
inline constexpr int kInvalidExit = 2;
inline constexpr int kNotRunningExit = 3;
inline constexpr int kUnknownExit = 4;
inline constexpr int kDeadExit = 7;  // An init script's "program is not running".

// A field of a struct; "" and 0 where there is none.
std::string text_of(const supervisord::Value& value, std::string_view field);
long number_of(const supervisord::Value& value, std::string_view field);
// Empty when it is no array.
const supervisord::Value::Array& array_of(const supervisord::Value& value);

// "group:name", or the name alone where both are the same.
std::string full_name(const std::string& group, const std::string& name);
// "group:*".
bool is_group(const std::string& name);
std::string group_of(const std::string& name);
// Why a call for `about` failed; `text` is what the server said.
std::string why(long code, const std::string& text, const std::string& about);
// `harmless`: a fault that leaves things as they were wanted.
int exit_of(long code, supervisord::FaultCode harmless);

}  // namespace tierce::cli
