// Any bytes as a call: refused or read, and what is read comes back the same when it is written and read again.
#include <cstdint>
#include <string_view>

#include "supervisord/xml_rpc.h"

using namespace tierce::supervisord;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are bytes
  const auto call = parse_call(text);
  if (!call) return 0;
  const std::string written = write_call(*call);
  const auto again = parse_call(written);
  if (!again || write_call(*again) != written) __builtin_trap();
  if (!parse_response(write_response(Value(call->parameters)))) __builtin_trap();
  (void)parse_response(text);
  return 0;
}
