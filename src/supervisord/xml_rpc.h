// XML-RPC on the wire.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "supervisord/rpc_value.h"

namespace tierce::supervisord {

struct Call {
  std::string method;
  Value::Array parameters;
};

// Any size is read in time and memory proportional to it: no entities but XML's own five, no document types,
// nesting up to 32. Unknown elements are errors.
Result<Call> parse_call(std::string_view xml);
// Characters that XML cannot hold (a log may have any) become '?' or U+FFFD.
std::string write_response(const Outcome& outcome);
// For our own client.
std::string write_call(const Call& call);
Result<Outcome> parse_response(std::string_view xml);

}  // namespace tierce::supervisord
