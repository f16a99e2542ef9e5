// A format of the access log in Gunicorn's language, "%(h)s %({x-request-id}i)s", taken apart once, so that a
// line costs no lookup of names and no allocation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::edge {

enum class Atom : std::uint8_t {
  kText,            // Literal.
  kRemoteAddress,   // h
  kDash,            // l, and what nobody knows
  kUser,            // u
  kTime,            // t: [31/Jan/2026:10:00:00 +0000]
  kRequestLine,     // r
  kStatus,          // s
  kMethod,          // m
  kPath,            // U: without the query, decoded
  kQuery,           // q
  kProtocol,        // H
  kBodyBytes,       // b, B
  kReferer,         // f
  kUserAgent,       // a
  kSeconds,         // T
  kMicroseconds,    // D
  kMilliseconds,    // M
  kDecimalSeconds,  // L
  kPid,             // p: <pid> of the worker
  kRequestField,    // {name}i, {HTTP_NAME}e
  kResponseField,   // {name}o
  kTarget,          // {raw_uri}e
};

struct FormatPart {
  Atom atom;
  std::string text;  // kText, or a field's name in lower case.
};

class AccessLogFormat {
 public:
  // nginx's and Apache's combined format, which is Gunicorn's default.
  static constexpr std::string_view kCombined = R"(%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s")";

  // Errors say at which character.
  static Result<AccessLogFormat> parse(std::string_view format);

  const std::vector<FormatPart>& parts() const { return parts_; }
  bool has(Atom atom) const;

 private:
  void add(Atom atom, std::string text = {});
  std::vector<FormatPart> parts_;
};

}  // namespace tierce::edge
